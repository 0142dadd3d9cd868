"""Work that is begun once, however many ask for it, and that all of them wait for.

Making a connection, joining, closing: each is begun by whoever is first, takes a while, and must
not be begun again meanwhile. Whoever waits may be cancelled, and the others still get the result,
so the work is a task of its own. If it fails, those who wait get the error, and it is forgotten:
the next who asks begins it again.

>>> async def work() -> str:
...     print("working")
...     return "done"
>>> async def main() -> None:
...     flight = SingleFlight[str]()
...     print(await asyncio.gather(flight.run(work), flight.run(work)), await flight.run(work))
>>> asyncio.run(main())
working
['done', 'done'] done
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

type Work[R] = Callable[[], Coroutine[Any, Any, R]]


class SingleFlight[R]:
    """Work that is done once.

    It is not given the work before it is to be done, so that it does not hold whose method that is.

    Args:
        start: makes a task of a coroutine.
        again: whether work that has failed or was cancelled is forgotten, so that it can be begun
            again.
    """

    def __init__(
        self,
        start: Callable[[Coroutine[Any, Any, R]], asyncio.Task[R]] = asyncio.create_task,
        *,
        again: bool = True,
    ) -> None:
        self._start = start
        self._again = again
        self._task: asyncio.Task[R] | None = None

    @property
    def begun(self) -> bool:
        """Whether the work was begun, and has not failed since."""
        return self._task is not None

    @property
    def running(self) -> bool:
        """Whether the work was begun and goes on."""
        return self._task is not None and not self._task.done()

    @property
    def ended(self) -> bool:
        """Whether the work was begun and goes on no longer."""
        return self._task is not None and self._task.done()

    def begin(self, work: Work[R]) -> asyncio.Task[R]:
        """Begin the work, unless it was begun before; return its task, which is not to be awaited
        without a shield.
        """
        if self._task is None:
            working = work()
            try:
                self._task = self._start(working)
            except BaseException:
                working.close()
                raise
            if self._task.done():  # it began at once, and had not to wait
                task = self._task
                self._look_back(task)
                return task
            self._task.add_done_callback(self._look_back)
        return self._task

    async def run(self, work: Work[R]) -> R:
        """Begin the work, unless it was begun before, and return its result.

        Cancelling this does not cancel the work.

        Raises:
            Exception: what the work raises, to all who wait for it.
        """
        return await asyncio.shield(self.begin(work))

    async def settled(self, timeout: float | None = None) -> None:
        """Wait until the work does not go on, whatever came of it; at once if it was not begun.

        Args:
            timeout: how long to wait at most, in seconds; `None` for as long as it takes.
        """
        if self._task is not None and not self._task.done():
            await asyncio.wait([self._task], timeout=timeout)

    def cancel(self) -> None:
        """Cancel the work, if it goes on."""
        if self._task is not None:
            self._task.cancel()

    def forget(self) -> None:
        """Let the next who asks begin it again. Those who wait still get the result."""
        self._task = None

    def _look_back(self, task: asyncio.Task[R]) -> None:
        # To ask for the exception says, too, that it is no matter if nobody waits for it.
        failed = task.cancelled() or task.exception() is not None
        if failed and self._again and task is self._task:
            self._task = None
