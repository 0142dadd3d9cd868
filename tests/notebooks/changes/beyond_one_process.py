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
        cell="poison-run",
        replace=("max_tries=3", "max_tries=1"),
        run=[],
        expect=["order, try: (1, 1) (2, 1) (3, 1) (4, 1) (5, 1)"],
    ),
]
