"""What notebook 13 suggests to change."""

from tests.notebooks.changes import Change

CHANGES = [
    Change(
        cell="incident-film",
        replace=('"Ben": 3600', '"Ben": 2'),
        run=["incident-two"],
        expect=[
            "Ada got 5; Ben got 3 and lost 1; Cy got 4.",
            "Ada got 6; Ben got 2 and lost 1; Cy got 6.",
        ],
    ),
    Change(
        cell="alarm-compare",
        replace=("bound = 100", "bound = 400"),
        expect=["the alarm: 30.0 s; cut off: 40.1 s"],
    ),
    Change(
        cell="alarm-run",
        replace=("LOOK_EVERY_S = 15", "LOOK_EVERY_S = 5"),
        run=["alarm-compare"],
        expect=["the alarm: 10.0 s; cut off: 10.1 s"],
        same_text=True,
    ),
]
