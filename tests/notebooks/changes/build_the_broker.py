"""What notebook 03 suggests to change."""

from tests.notebooks.changes import Change

CHANGES = [
    Change(
        cell="c0f02b4c",
        replace=("message = await first.get()", "message = dict(await first.get())"),
        expect=["The second subscriber reads 9.99."],
    ),
    Change(
        cell="23f53088",
        replace=("full, healthy =", "healthy, full ="),
        expect=["The second subscriber has the message after 0 s."],
    ),
    Change(
        cell="905381ea",
        replace=("ChapterPubSub[int]()", "AsyncPubSub[int]()"),
        expect=[
            "0 of 100,000 deliveries lost",
            "✓ Every subscriber reads all messages, in order.",
            "✓ When join() returns, all is handled.",
        ],
    ),
]
