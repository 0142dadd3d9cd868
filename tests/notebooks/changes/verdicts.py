"""What notebook 12 suggests to change."""

from tests.notebooks.changes import Change

CHANGES = [
    Change(
        cell="6a61d423",
        replace=(
            "            if number == 1 and message == 0:",
            "            if number in (1, 2) and message == 0:",
        ),
        run=["fa3ac6b9", "3f67fd97", "3a029f04", "d4bd795f"],
        expect=[
            "ChapterPubSub, tasks       [3, 0, 0]",
            "AsyncPubSub, tasks         [3, 0, 0]",
        ],
    ),
    Change(
        cell="310ce61c",
        replace=("AsyncPubSub(maxsize=100)", "AsyncPubSub(maxsize=10)"),
        expect=["The last price is sent 28.8 s late, and drawn 29.9 s late."],
    ),
]
