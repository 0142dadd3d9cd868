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
        cell="aa0200ae",
        replace=(
            "    await asyncio.sleep(2)  # on the way\n",
            "    try:\n"
            "        await asyncio.sleep(2)  # on the way\n"
            "    except asyncio.CancelledError:\n"
            '        accounts["till"] += amount\n'
            "        raise\n",
        ),
        run=["26ce38b8", "0a08f6cf"],
        expect=["{'till': 100, 'safe': 0}"],
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
