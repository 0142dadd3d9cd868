"""A relay in earnest: it publishes what waits in an outbox, and is killed, as the server is.

    changes = await relay_through_trouble(relay)

The first relay dies when the server has stored the second change, and before it has taken that out
of the outbox. The next one goes on; while it does, the server is killed and started again.
"""

import contextlib
from typing import Any

from pubsub_lib.lab.real_runs.serving import Relay
from pubsub_lib.nats import JetStreamPubSub, NatsError, NatsServer

CHANGES = (1, 2, 3, 4, 5)
END = 0  #: comes behind all changes
LIMIT_S = 20.0


class _Killed(BaseException):
    """Ends a relay as a kill does: nobody catches it."""


class _Outbox:
    """What is to be published, kept beyond the end of a relay."""

    def __init__(self, *, dies_at: int) -> None:
        self._waiting = {number: number for number in CHANGES}
        self._dies_at = dies_at

    def waiting(self) -> list[tuple[int, int]]:
        return list(self._waiting.items())

    def remove(self, number: int) -> None:
        if number == self._dies_at:
            self._dies_at = 0
            raise _Killed
        del self._waiting[number]


class _Broker:
    """Publishes on a server, which it kills and starts again before one of the changes."""

    def __init__(self, broker: JetStreamPubSub[int], server: NatsServer, *, kills_at: int) -> None:
        self._broker = broker
        self._server = server
        self._kills_at = kills_at

    async def publish(self, change: int, *, message_id: str = "") -> object:
        if change == self._kills_at:
            self._kills_at = 0
            self._server.restart()
        return await self._broker.publish(change, message_id=message_id)


async def relay_through_trouble(relay: Relay) -> list[int]:
    """Return what the server has in the end, in its order."""
    outbox = _Outbox(dies_at=2)
    with NatsServer() as server:
        options: dict[str, Any] = {"url": server.url, "timeout": LIMIT_S, "on_error": _expected}
        async with (
            JetStreamPubSub[int]("changes", **options) as broker,
            broker.subscribe(name="replica"),
        ):
            pass  # from now on the server keeps what comes
        for kills_at in (0, 4):
            async with JetStreamPubSub[int]("changes", **options) as broker:
                with contextlib.suppress(_Killed):
                    await relay(outbox, _Broker(broker, server, kills_at=kills_at))
        async with (
            JetStreamPubSub[int]("changes", **options) as broker,
            broker.subscribe(name="replica") as inbox,
        ):
            await broker.publish(END)
            changes = []
            async for change in inbox:
                if change == END:
                    break
                changes.append(change)
    return changes


def _expected(error: NatsError) -> None:
    """Say nothing: that the server goes away belongs to it."""
