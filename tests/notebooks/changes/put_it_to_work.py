"""What notebook 13 suggests to change."""

from tests.notebooks.changes import Change

CHANGES = [
    Change(
        cell="alarm-compare",
        replace=("bound = 100", "bound = 400"),
        expect=["the alarm: 30.0 s; cut off: 40.1 s"],
    ),
]
