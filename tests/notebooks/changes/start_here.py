"""What notebook 00 suggests to change, and what is then found."""

from tests.notebooks.changes import Change

CHANGES = [
    Change(
        cell="be080e02",
        replace=('greet("Ada"), name', 'greet("Ada", 3), name'),
        run=["45e867a9", "8cbfbb1a"],
        expect=["As two tasks they take 3 s."],
    ),
    Change(
        cell="c85f19d0",
        replace=("maxsize=2", "maxsize=10"),
        run=["2f60d91b", "e47a03b8"],
        expect=["publisher: 3 is in the queue reader: got 1"],
    ),
    Change(
        cell="c85f19d0",
        replace=(
            'said.append(f"publisher: {message} is in the queue")',
            'said.append(f"publisher: {message} is in the queue")\n        await asyncio.sleep(0)',
        ),
        run=["2f60d91b", "e47a03b8"],
        expect=[
            "Found here: reader: got 1.",
            "publisher: 1 is in the queue reader: got 1 publisher: 2 is in the queue reader: got 2",
        ],
    ),
    Change(
        cell="c921fd59",
        replace=(
            "group.create_task(subscriber_task(inbox))",
            "group.create_task(subscriber_task(inbox))\n"
            "        group.create_task(subscriber_task(await broker.subscribe()))",
        ),
        expect=["Received: Hello Received: Hello"],
    ),
]
