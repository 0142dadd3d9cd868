"""What notebook 02 suggests to change."""

from tests.notebooks.changes import Change

CHANGES = [
    Change(
        cell="9559fac4",
        replace=("maxsize=2", "maxsize=5"),
        expect=["The fifth message is in the queue at 0 s", "✓ join() returns"],
    ),
    Change(
        cell="9559fac4",
        replace=("maxsize=2", "maxsize=1"),
        expect=["The fifth message is in the queue at 3 s", "✓ join() returns"],
        same_text=True,
    ),
    Change(
        cell="b06e68f5",
        replace=("run_with_bound(100)", "run_with_bound(10)"),
        run=["c7a0208e"],
        expect=[
            "at the same moment, with a bound and without",
            "slow reaches the bound of 10 messages",
            "and 100 ms in it",
        ],
    ),
    Change(
        cell="b06e68f5",
        replace=("run_with_bound(100)", "run_with_bound(500)"),
        run=["c7a0208e"],
        expect=[
            "at the same moment, with a bound and without",
            "slow reaches the bound of 500 messages",
            "and 5 s in it",
        ],
        same_text=True,
    ),
    Change(
        cell="27c9e74f",
        replace=(
            "slow_reader(service_time_s=0.02)]",
            'slow_reader(service_time_s=0.02), slow_reader("slow too", service_time_s=0.02)]',
        ),
        expect=["with a bound: the last message waits 1.97 s to get into the inbox"],
    ),
    Change(
        cell="27c9e74f",
        replace=(
            "slow_reader(service_time_s=0.02)]",
            'slow_reader(service_time_s=0.02), slow_reader("slow too", service_time_s=0.03)]',
        ),
        expect=["with a bound: the last message waits 4.95 s to get into the inbox"],
        same_text=True,
    ),
    Change(
        cell="8abf9c29",
        replace=[("messages=200, size=50", "messages=400, size=100"), ("(10, 50)", "(50, 100)")],
        expect=["with a bound of 100 for 0 s. The latest message is 0.99 s late"],
    ),
]
