"""One visitor's stream: what waits in its inbox, as server-sent events, up to a reason for the end.

What the stream of a visitor says ends up as text in the browser's `EventSource`.

>>> as_event(Change(7, "TEA", 4.2, sent=0.5)).decode().splitlines()
['id: 7', 'event: price', 'data: {"symbol":"TEA","price":4.2,"sent":0.5}', '']
"""

from collections.abc import AsyncIterator
from dataclasses import asdict
from functools import lru_cache
from typing import Any, override

from sse_starlette import EventSourceResponse, JSONServerSentEvent, ServerSentEvent
from starlette.types import Message, Receive, Scope, Send

from examples.price_board.changes import Change
from examples.price_board.visitor import Visitor
from examples.price_board.visitors import Visitors
from pubsub_lib import Disconnected
from pubsub_lib.nats import NatsError

LAG_EVERY_S = 1
RETRY_MS = 1000


@lru_cache(maxsize=1024)
def as_event(change: Change) -> bytes:
    """Return the event, made once for all visitors."""
    data = {"symbol": change.symbol, "price": change.price, "sent": change.sent}
    return JSONServerSentEvent(data, event="price", id=str(change.number)).encode()


class PriceStream(EventSourceResponse):
    """The response that goes on for as long as its visitor stays.

    Args:
        visitor: whose stream it is.
        visitors: is told when the visitor is gone.
        grace: how long it may take to end when the server is to, in seconds.
    """

    def __init__(self, visitor: Visitor, visitors: Visitors, *, grace: float) -> None:
        super().__init__(
            self._events(),
            ping=LAG_EVERY_S,
            ping_message_factory=self._lag,
            # The end comes through the inbox; this only keeps it from being cut short before.
            shutdown_grace_period=grace,
        )
        self._visitor = visitor
        self._visitors = visitors
        self._bye = b""

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_until_bye(message: Message) -> None:
            # A ping that was made before the last event would come after it.
            ends = message.get("body") == self._bye or not message.get("more_body")
            if ends or not self._bye:
                await send(message)

        try:
            await super().__call__(scope, receive, send_until_bye)
        finally:
            self._visitors.leave(self._visitor)

    async def _events(self) -> AsyncIterator[bytes]:
        visitor = self._visitor
        yield _beginning(visitor)
        try:
            async for change in visitor.inbox:
                visitor.in_hand = change
                yield as_event(change)
                visitor.in_hand = None
        except (Disconnected, NatsError):
            pass  # too slow, as the farewell says; or the worker comes to its end
        self._bye = _event("bye", asdict(visitor.farewell()))
        yield self._bye

    def _lag(self) -> ServerSentEvent:
        stats = self._visitor.inbox.stats
        return JSONServerSentEvent({"lag": stats.depth, "dropped": stats.dropped}, event="lag")


def _beginning(visitor: Visitor) -> bytes:
    """Return all that a stream begins with, in one piece."""
    opening = visitor.opening
    events = [ServerSentEvent(retry=RETRY_MS).encode()]
    if visitor.untold is not None:
        events.append(_event("cut-off", asdict(visitor.untold)))
    if opening.has_gap:
        events.append(_event("gap", {"missed": opening.missed}))
    events += map(as_event, opening.changes)
    return b"".join(events)


def _event(kind: str, data: dict[str, Any]) -> bytes:
    return JSONServerSentEvent(data, event=kind).encode()
