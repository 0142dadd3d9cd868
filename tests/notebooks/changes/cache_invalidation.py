"""What notebook 10 suggests to change."""

from tests.notebooks.changes import Change

CHANGES = [
    Change(
        cell="fb9d12db",
        replace=("reads=500, interval_s=0.002", "reads=5, interval_s=0.2"),
        run=["dc687ab7", "2a79555b", "3d85f322"],
        expect=["of 5 reads   5 wait; loads: 6"],
    ),
    Change(
        cell="5372ed30",
        replace=("WRITTEN_S = 0.035", "WRITTEN_S = 0.025"),
        expect=["naive: none of 5 answers is stale"],
    ),
    Change(
        cell="145f4eca",
        replace=(
            "            end = {",
            "            await writer.repeat()\n"
            "            await asyncio.sleep(0.1)\n"
            "            end = {",
        ),
        run=["c9359a4f"],
        expect=["gold         1920   1920          1920", "silver       1913   1900          1913"],
    ),
]
