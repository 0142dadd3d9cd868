"""What the server is asked, and waited for until it is known that no answer will come.

A question to a server that has been killed would be waited for until its time-out. So all of them
are given up together, when the connection is lost.

>>> async def main() -> None:
...     answers = Answers()
...     asking = asyncio.create_task(answers.unless_lost(asyncio.Event().wait()))
...     await asyncio.sleep(0)
...     answers.give_up()
...     print(repr(*await asyncio.gather(asking, return_exceptions=True)))
>>> asyncio.run(main())
ConnectionResetError()
"""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Answers:
    """The answers of a server that somebody waits for."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Task[Any]] = set()

    async def unless_lost[R](self, answer: Coroutine[Any, Any, R]) -> R:
        """Wait for an answer of the server.

        Raises:
            ConnectionResetError: if the connection is lost, so that none will come.
        """
        this_task = asyncio.current_task()
        waiting = asyncio.create_task(answer)
        self._waiting.add(waiting)
        try:
            return await waiting
        except asyncio.CancelledError:
            if waiting in self._waiting or (this_task is not None and this_task.cancelling()):
                raise
            raise ConnectionResetError from None
        finally:
            self._waiting.discard(waiting)

    def give_up(self) -> None:
        """Let everybody know that no answer will come."""
        waiting, self._waiting = self._waiting, set()
        for answer in waiting:
            answer.cancel()
