"""uvicorn, with what a service with open streams needs and it has not.

It waits for open streams to end before it says a word to the application, so they have to be told
first.

>>> issubclass(BoardServer, uvicorn.Server)
True
"""

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import override

import uvicorn

from examples.price_board.app import make_app
from examples.price_board.board import Board
from examples.price_board.changes import Numbers
from examples.price_board.connection import BoardProtocol, NoWebSocket
from examples.price_board.settings import Settings

#: How much of the grace other requests may take at the end, after the streams.
PART_FOR_OTHERS = 0.15
INTERRUPTED_TWICE = 130


class BoardServer(uvicorn.Server):
    """Serves one board, in the process that it is run in.

    Args:
        settings: how to run.
        numbers: gives each change its number.
        has_market: whether this worker is the one that changes prices.
        started: is called when visitors can come.
    """

    def __init__(
        self,
        settings: Settings,
        numbers: Numbers,
        *,
        has_market: bool = True,
        started: Callable[[], None],
    ) -> None:
        self.board = Board(settings, numbers, has_market=has_market)
        self._has_started = started
        super().__init__(
            uvicorn.Config(
                make_app(self.board),
                http=BoardProtocol,
                loop="asyncio",  # the same on every system
                ws=NoWebSocket,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
            )
        )

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await self.board.open()
        await super().startup(sockets=sockets)
        self._has_started()

    @override
    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or self.board.failure is not None

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self.board.close()
        others_may_take_s = self.board.settings.grace * PART_FOR_OTHERS
        asyncio.get_running_loop().call_later(others_may_take_s, self._hang_ups)
        await super().shutdown(sockets=sockets)
        if self.board.failure is not None:
            raise self.board.failure

    def _hang_ups(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit and sig == signal.SIGINT:
            os._exit(INTERRUPTED_TWICE)
        super().handle_exit(sig, frame)


def serve(server: BoardServer, listener: socket.socket) -> None:
    """Serve until SIGTERM or Ctrl+C, which are the usual ends and no errors.

    Raises:
        NatsError: if the NATS server is not there, or lets us in no more.
    """
    # uvicorn raises what it was sent again when all is done, for whoever handled it before.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _done)
    server.run(sockets=[listener])


def _done(number: int, frame: FrameType | None) -> None:
    pass
