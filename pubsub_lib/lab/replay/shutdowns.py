"""Which calls of `shutdown` a film tells: none that is a part of another, or comes after one.

>>> shutdowns, broker = Shutdowns(), object()
>>> one, other = (Call("shutdown", broker, None) for _ in range(2))
>>> shutdowns.begin(one, None), shutdowns.begin(other, None)
(True, False)
>>> shutdowns.end(other), shutdowns.end(one)
(False, True)
"""

import asyncio
from typing import Any

from pubsub_lib.lab.replay.calls import Call


class Shutdowns:
    """The calls that are told, those that are over among them."""

    def __init__(self) -> None:
        self._told: dict[Call, asyncio.Task[Any] | None] = {}

    def begin(self, call: Call, task: asyncio.Task[Any] | None) -> bool:
        """Note that a task begins to shut a broker down, and return whether that is told."""
        for one, its_task in self._told.items():
            if one.owner is call.owner or (one.running and its_task is task):
                return False
        self._told[call] = task
        return True

    def end(self, call: Call) -> bool:
        """Note that a call ends, and return whether that is told."""
        if call not in self._told:
            return False
        if call.error is not None:
            del self._told[call]  # another one has something to do
        return True
