"""What notebook 07 suggests to change."""

from tests.notebooks.changes import Change

CHANGES = [
    Change(
        cell="55e27686",
        replace=("service_time_s=0.4", "service_time_s=0.1"),
        run=["b70c4569", "bf92be35"],
        expect=["0 of 177 deliveries are missed, 0 come too early"],
    ),
]
