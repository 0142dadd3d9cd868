"""The kinds of brokers that need a server; apart, since importing them needs nats-py.

Their programs run in real time, and all of them share one server, which ends with this process.

>>> [kind.name for kind in NETWORK_KINDS]
['NatsPubSub', 'JetStreamPubSub']
"""

import asyncio
import functools
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from pubsub_lib.lab.promises.kinds import Kind
from pubsub_lib.lab.promises.traits import MANAGED, Trait
from pubsub_lib.messages import Message
from pubsub_lib.nats import JetStreamPubSub, NatsPubSub, nats_server

_SUBJECTS = (f"promises.{number}" for number in itertools.count())


class _AnyMessage:
    """A codec of all that the programs send. It trusts them, which nobody should over a network."""

    @staticmethod
    def to_bytes(message: Any) -> bytes:
        return repr(message).encode()

    @staticmethod
    def from_bytes(data: bytes) -> Any:
        return eval(data, {"Message": Message})


def _on_the_server(
    broker_class: Callable[..., Any],
) -> Callable[..., AbstractAsyncContextManager[Any]]:
    """Return what opens a broker of this class on a subject of its own."""

    @asynccontextmanager
    async def opened(**options: Any) -> AsyncIterator[Any]:
        server = await asyncio.to_thread(_server)
        broker = broker_class(next(_SUBJECTS), _AnyMessage, url=server.url, **options)
        try:
            yield broker
        finally:
            await broker.shutdown(timeout=0)

    return opened


@functools.cache
def _server() -> Any:
    return nats_server().__enter__()


async def _flushed(broker: Any) -> None:
    await broker.flush()


NATS_PUB_SUB = Kind(
    NatsPubSub, MANAGED | {Trait.WAITS_FOR_ROOM, Trait.DROPS}, _on_the_server(NatsPubSub), _flushed
)
JET_STREAM_PUB_SUB = Kind(
    JetStreamPubSub, MANAGED | {Trait.WAITS_FOR_ROOM}, _on_the_server(JetStreamPubSub), _flushed
)

NETWORK_KINDS = (NATS_PUB_SUB, JET_STREAM_PUB_SUB)
"""The library's brokers between processes."""
