"""Your own broker. It begins in notebook 03, and grows until notebook 10.

Write it here, save this file, and run the cell of its exercise in the notebook, which tries it.
"""

import asyncio


class MyBroker[T]:
    """Gives every message to every subscriber."""

    def __init__(self, maxsize: int = 100) -> None:
        raise NotImplementedError

    async def subscribe(self) -> asyncio.Queue[T | None]:
        raise NotImplementedError

    async def publish(self, message: T) -> None:
        raise NotImplementedError

    async def shutdown(self) -> None:
        raise NotImplementedError
