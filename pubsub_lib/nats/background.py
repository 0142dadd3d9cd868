"""What goes on in the background of a broker, and has to come to an end with it.

>>> async def main() -> None:
...     tasks = BackgroundTasks(HomeLoop("JetStreamPubSub"))
...     tasks.start(asyncio.sleep(0, print("begun")))
...     await tasks.end()
...     print(tasks.can_start)
>>> asyncio.run(main())
begun
False
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

from pubsub_lib.in_process.event_loop import HomeLoop

# How long tasks may need to notice that the connection was closed, in seconds.
NOTICED_AFTER_S = 0.5


class BackgroundTasks:
    """The tasks of a broker that nobody may be waiting for.

    Args:
        home: the event loop that they run on.
    """

    def __init__(self, home: HomeLoop) -> None:
        self._home = home
        self._tasks: set[asyncio.Task[Any]] = set()
        self._ended = False

    @property
    def can_start(self) -> bool:
        """Whether anything can still be begun."""
        loop = self._home.loop
        return not self._ended and loop is not None and not loop.is_closed()

    def start[R](self, work: Coroutine[Any, Any, R]) -> asyncio.Task[R]:
        """Do something until it is done or everything ends."""
        loop = self._home.loop or self._home.check()
        return self._keep(loop.create_task(work))

    def start_at_once[R](self, work: Coroutine[Any, Any, R]) -> asyncio.Task[R]:
        """Do as `start`, but begin before this returns, and not at the loop's next turn."""
        loop = self._home.loop or self._home.check()
        return self._keep(asyncio.Task(work, loop=loop, eager_start=True))

    def _keep[R](self, task: asyncio.Task[R]) -> asyncio.Task[R]:
        if not task.done():
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return task

    async def end(self) -> None:
        """Wait for the tasks to end. To be called when the connection was closed."""
        self._ended = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=NOTICED_AFTER_S)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
