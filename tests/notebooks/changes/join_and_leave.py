"""What notebook 07 suggests to change."""

from tests.notebooks.changes import Change

CHANGES = [
    Change(
        cell="55e27686",
        replace=("service_time_s=0.4", "service_time_s=0.1"),
        run=["b70c4569", "bf92be35"],
        expect=["0 of 177 deliveries are missed, 0 come too early"],
    ),
    Change(
        cell="a96d88e6",
        replace=("for member in members:", "for member in list(members):"),
        run=[],
        expect=[
            "list  visits 4 of 4, in silence",
            "set   visits 4 of 4, in silence",
            "deque visits 4 of 4, in silence",
        ],
    ),
]
