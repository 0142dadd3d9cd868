"""What notebook 06 suggests to change."""

from tests.notebooks.changes import Change

CHANGES = [
    Change(
        cell="78e156c2",
        replace=(
            "    await service.publish_until_told()\n",
            "    await service.publish_until_told()\n    await asyncio.sleep(3)\n",
        ),
        run=["a9ba326b", "3fed83fb"],
        expect=["The slow subscriber loses 2 messages.", "just end: all have ended after 8.5 s"],
    ),
    Change(
        cell="06-incident-film",
        replace=(
            "        await asyncio.sleep(1)\n",
            "        try:\n"
            "            await asyncio.sleep(1)\n"
            "        except asyncio.CancelledError:\n"
            "            taken.remove(order)\n"
            "            raise\n",
        ),
        expect=["A shop, a film of 8 pictures and 1.5 s: 4 messages; shop got 2, 1 unfinished."],
    ),
    Change(
        cell="573a7c24",
        replace=(
            "while not service.told.is_set():",
            "while not (service.told.is_set() and queue.empty()):",
        ),
        run=["2a0a6711"],
        expect=["lost: {}"],
    ),
]
