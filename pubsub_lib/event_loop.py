"""Keeps a broker on the event loop that it was first used on.

Futures belong to one event loop. A broker used on a second one would hang or fail far from the
cause, so it says so at once.

>>> import asyncio
>>> bound = LoopBound()
>>> async def use() -> None:
...     bound.bind()
>>> asyncio.run(use())
>>> asyncio.run(use())
Traceback (most recent call last):
RuntimeError: this LoopBound belongs to another event loop; create one inside each asyncio.run()
"""

import asyncio


class LoopBound:
    """Something whose waiters belong to one event loop."""

    _loop: asyncio.AbstractEventLoop | None = None

    def bind(self) -> asyncio.AbstractEventLoop:
        """Return the running loop, after making sure that it is the one this object was first used
        on.

        Raises:
            RuntimeError: if this object was first used on another event loop, or none is running.
        """
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            if self._loop is not None:
                raise RuntimeError(
                    f"this {type(self).__name__} belongs to another event loop; "
                    "create one inside each asyncio.run()"
                )
            self._loop = loop
        return loop
