"""Keeps a broker on the event loop that it was first used on.

Futures belong to one event loop. A broker used on a second one would hang or fail far from the
cause, so it says so at once.

>>> import asyncio
>>> home = HomeLoop("AsyncPubSub")
>>> async def use() -> None:
...     home.check()
>>> asyncio.run(use())
>>> asyncio.run(use())
Traceback (most recent call last):
RuntimeError: this AsyncPubSub belongs to another event loop; create one inside each asyncio.run()
"""

import asyncio
import contextlib
from collections.abc import Callable


class HomeLoop:
    """The event loop that a broker and its subscriptions belong to.

    Attributes:
        loop: the loop, or `None` before it is known.
    """

    __slots__ = ("_owner", "loop")

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self.loop: asyncio.AbstractEventLoop | None = None

    def check(self) -> asyncio.AbstractEventLoop:
        """Return the running loop, after making sure that it is the first one that was used.

        Raises:
            RuntimeError: if another event loop was used first, or none is running.
        """
        loop = asyncio.get_running_loop()
        if self.loop is not loop:
            if self.loop is not None:
                raise RuntimeError(
                    f"this {self._owner} belongs to another event loop; "
                    "create one inside each asyncio.run()"
                )
            self.loop = loop
        return loop

    def call_soon(self, callback: Callable[[], object]) -> None:
        """Call it at the loop's next turn; at once where there is no loop yet, or no longer.

        This is for finalizers: the garbage collector may run them in any thread, and in the middle
        of anything.
        """
        if self.loop is not None:
            with contextlib.suppress(RuntimeError):
                self.loop.call_soon_threadsafe(callback)
                return
        with contextlib.suppress(RuntimeError):  # raised where somebody waits on a closed loop
            callback()
