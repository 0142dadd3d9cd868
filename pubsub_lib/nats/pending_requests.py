"""What the server is asked, and waited for until it is known that no answer will come.

A question to a server that has been killed would be waited for until its time-out. So all of them
are given up together, when the connection is lost.

>>> async def main() -> None:
...     requests = PendingRequests()
...     asking = asyncio.create_task(requests.unless_lost(asyncio.Event().wait()))
...     await asyncio.sleep(0)
...     requests.give_up()
...     print(repr(*await asyncio.gather(asking, return_exceptions=True)))
>>> asyncio.run(main())
ConnectionResetError()
"""

import asyncio
from collections.abc import Coroutine
from typing import Any


class PendingRequests:
    """The requests whose answers somebody waits for."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Task[Any], bool] = {}  # with whether it may be refused
        self._refused: dict[asyncio.Task[Any], Exception] = {}

    async def unless_lost[R](
        self, answer: Coroutine[Any, Any, R], *, may_be_refused: bool = False
    ) -> R:
        """Wait for an answer of the server.

        Args:
            answer: what waits for it.
            may_be_refused: whether it is a request that the server may not allow.

        Raises:
            ConnectionResetError: if the connection is lost, so that none will come.
            Exception: what `refuse` was given.
        """
        this_task = asyncio.current_task()
        waiting = asyncio.create_task(answer)
        self._waiting[waiting] = may_be_refused
        try:
            return await waiting
        except asyncio.CancelledError:
            if waiting in self._waiting or (this_task is not None and this_task.cancelling()):
                raise
            raise self._refused.get(waiting, ConnectionResetError()) from None
        finally:
            self._waiting.pop(waiting, None)
            self._refused.pop(waiting, None)

    def give_up(self) -> None:
        """Let everybody know that no answer will come."""
        waiting, self._waiting = self._waiting, {}
        for answer in waiting:
            answer.cancel()

    def refuse(self, error: Exception) -> None:
        """Let those know whose request may have been refused that it was.

        The server does not say which one it was; whoever asks again asks in vain, or gets on.
        """
        for answer in [each for each, may_be_refused in self._waiting.items() if may_be_refused]:
            self._refused[answer] = error
            del self._waiting[answer]
            answer.cancel()
