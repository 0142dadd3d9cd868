"""What notebook 05 suggests to change, and what is then found."""

from . import Change

CHANGES = [
    Change(
        cell="49d6f5bd",
        replace=("rate_hz = 100", "rate_hz = 200"),
        run=["ages-table"],
        expect=[
            "| drop oldest | 20 | 0.02 s | 0.1 s |",
            "| drop newest | 20 | 0.02 s | 0.4 s |",
        ],
    ),
    Change(
        cell="4d27b3ab",
        replace=('"every": 10', '"every": 2'),
        run=["past-table"],
        expect=[
            "| ours, drop newest | 1 s | 1 s | 50 s |",
            "| ours, drop oldest | 1 s | 1 s | 50 s |",
            "| ours, raise | 1 s | 1 s | 50 s |",
            "| ours, disconnect | 1 s | 1 s | 1 s |",
        ],
    ),
    Change(
        cell="1b2ae63b",
        replace=(
            "BACKOFF_S = (0.01, 0.02, 0.04, 0.08)",
            "BACKOFF_S = tuple(0.01 * 2**step for step in range(10))",
        ),
        run=["cb5c23a0", "fa409f29", "32ba98d3", "49dbb46b", "5ab684de", "56288392"],
        expect=["| try again in the background | 400 | "],
    ),
]
