"""What notebook 01 suggests to change, and what is then found."""

from tests.notebooks.changes import Change

CHANGES = [
    Change(
        cell="0b9a5487",
        replace=("[10] * 10}", "[100] + [0] * 9}"),
        run=["0d723a74"],
        expect=["\u2713 A publish takes as long as all of its callbacks together, or longer."],
    ),
    Change(
        cell="1a93cbfa",
        replace=[
            ("publisher.subscribe(broken)\n", ""),
            (
                'publisher.subscribe(lambda message: received.append("third"))',
                'publisher.subscribe(lambda message: received.append("third"))\n'
                "publisher.subscribe(broken)",
            ),
        ],
        expect=[
            "publish() raises ValueError: a bug in a callback",
            "Found here: the first and the third.",
        ],
    ),
    Change(
        cell="f67ee077",
        replace=("rate_hz=50", "rate_hz=200"),
        expect=["the longest publish: 0 ms the latest delivery: 245 ms"],
    ),
    Change(
        cell="5e0fa448",
        replace=[
            ("publisher.subscribe(answer)\n", ""),
            (
                "publisher.subscribe(listener_heard.append)",
                "publisher.subscribe(listener_heard.append)\npublisher.subscribe(answer)",
            ),
        ],
        expect=["Found here: ping, then pong."],
    ),
    Change(
        cell="65584c03",
        replace=("    publisher.publish(name)", "    work_50_ms(name)"),
        run=["55a33ac2"],
        expect=["3 of them begin before the one before has ended"],
    ),
]
