"""What notebook 11 suggests to change."""

from tests.notebooks.changes import Change

CHANGES = [
    Change(
        cell="d1e32086",
        replace=("range(61, 101)", "range(61, 61)"),
        run=["0fca190f"],
        expect=[
            "when connected again 0 and at the end 0",
            "received: {'near': 60, 'far': 40}",
        ],
    ),
    Change(
        cell="c8faa272",
        replace=[
            ("database.execute(statement, [order])  # the effect", "EFFECT"),
            ("inbox.task_done()  # the acknowledgement", "ACKNOWLEDGEMENT"),
            ("EFFECT", "inbox.task_done()  # the acknowledgement"),
            ("ACKNOWLEDGEMENT", "database.execute(statement, [order])  # the effect"),
        ],
        run=["400166b8", "84b06d7b", "ask-effects", "c12f6502"],
        expect=["durable: [1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12]"],
    ),
]
