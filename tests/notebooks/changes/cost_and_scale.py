"""What notebook 09 suggests to change."""

from tests.notebooks.changes import Change

CHANGES = [
    Change(
        cell="26a80cae",
        replace=(
            "async def write(batch: list[int]) -> None:\n    await asyncio.sleep(0.01)",
            "async def write(batch: list[int]) -> None:\n    await asyncio.sleep(0.05)",
        ),
        run=["51c5fe65"],
        expect=["write, in batches, of up to 11: the slowest message takes 100 ms"],
    ),
    Change(
        cell="6f45fa38",
        replace=("every: int = 1", "every: int = 101"),
        expect=["there is no room for message 100"],
    ),
]
