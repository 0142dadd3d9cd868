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
        owner: what errors call whoever it belongs to.
        loop: the loop, or `None` before it is known.
    """

    __slots__ = ("loop", "owner")

    def __init__(self, owner: str) -> None:
        self.owner = owner
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
                    f"this {self.owner} belongs to another event loop; "
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

    def at_next_turn(self, callback: Callable[..., object], *args: object) -> bool:
        """Call it at the loop's next turn; return whether there can be one."""
        if self.loop is None or self.loop.is_closed():
            return False
        self.loop.call_soon(callback, *args)
        return True

    def free_later(self, thing: object) -> None:
        """Let go of something at the loop's next turn: to free a message may run anything."""
        if thing is not None:
            self.at_next_turn(id, thing)


def wake(future: asyncio.Future[None]) -> bool:
    """Let whoever awaits it go on; return whether it was still to be woken.

    Where the event loop was closed before, nobody awaits it any more.
    """
    if future.done():
        return False
    try:
        future.set_result(None)
    except RuntimeError:
        return True
    return True


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop that runs in this thread, or `None`."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def cancel_at_the_next_await(cancelled: asyncio.CancelledError) -> None:
    """Let the running task go on although it was cancelled, and cancel it at its next `await`.

    For work that was finished just before: who is told that it was cancelled would do it again. So
    it is as in trio, where a call is either cancelled and has done nothing, or done and not
    cancelled. Nobody's cancellation is lost, and a time-out that ends meanwhile takes its own back.
    """
    task = asyncio.current_task()

    def cancel_again() -> None:
        if task is not None and task.cancelling() and not task.done():
            task.uncancel()
            task.cancel(*cancelled.args)

    asyncio.get_running_loop().call_soon(cancel_again)
