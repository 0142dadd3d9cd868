"""What notebook 08 suggests to change."""

from tests.notebooks.changes import Change

CHANGES = [
    Change(
        cell="c570f7ae",
        replace=("source.random() < 0.05", "source.random() < 0.005"),
        expect=["The mean is 2.8 ms.", "99 of 100 no longer than 3 ms."],
    ),
    Change(
        cell="d9a0c66f",
        replace=("        await asyncio.sleep(1)", "        await asyncio.sleep(0.05)"),
        run=["a7dc8a2e", "5f900c5d", "fd75ec99", "246135bb"],
        expect=["The one with a schedule reports a p99 of 0 ms."],
    ),
    Change(
        cell="208f31ff",
        replace=(
            "random_times(count=messages, mean_s=service_s, seed=2 * seed + 1)",
            "[service_s] * messages",
        ),
        run=["6bb436cc"],
        expect=["to 52 ms on average"],
    ),
]
