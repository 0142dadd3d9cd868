"""Asks JetStream until it answers, through reconnections, and says what its refusals mean.

nats-py asks once. But whoever asks may do so while the connection is lost, a server starts, or a
cluster chooses a leader; then nobody answers, and all goes on by itself.

>>> async def no_such_stream(jetstream: JetStreamContext) -> None:
...     raise NotFoundError(description="stream not found")
>>> asyncio.run(found(no_such_stream)(nats.NATS().jetstream()))
Traceback (most recent call last):
LookupError
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import nats.errors
from nats.js import JetStreamContext
from nats.js.errors import (
    APIError,
    NoStreamResponseError,
    NotFoundError,
    ServiceUnavailableError,
)

from pubsub_lib.nats.connection import Connection
from pubsub_lib.nats.diagnosis import of_stream

# How long to wait for an answer before the server is asked again, in seconds: at least so long,
# then an eighth of what it has taken so far, and at most so long. A cluster that chooses a leader
# does not answer, so nobody waits much longer than it needs for that.
ASK_AGAIN_WITHIN_S = 0.5
ASK_AGAIN_WITHIN_AT_MOST_S = 5.0
# How long to wait before asking a server again that is not yet ready, in seconds.
ASK_AGAIN_AFTER_S = 0.05
# How long a server may need until it is ready, which it is not without JetStream, in seconds.
READY_AFTER_S = 5.0

# Makes a request, of what nats-py calls the client of JetStream.
type Request[R] = Callable[[JetStreamContext], Coroutine[Any, Any, R]]


async def ask[R](connection: Connection, request: Request[R], *, stream: str) -> R:
    """Make a request until the server answers it, through reconnections.

    Args:
        connection: the way to the server.
        request: makes it, of what nats-py calls the client of JetStream.
        stream: of which stream it is.

    Raises:
        JetStreamUnavailable: if the server has no JetStream; NoQuorum: if too few of its
            cluster run.
        AccessRefused: if this user may not ask that.
        NatsError: if the answer is another error.
    """
    loop, unavailable_since = asyncio.get_running_loop(), None
    began = loop.time()
    while True:
        await connection.until_connected()
        patience = max((loop.time() - began) / 8, ASK_AGAIN_WITHIN_S)
        jetstream = connection.client.jetstream(timeout=min(patience, ASK_AGAIN_WITHIN_AT_MOST_S))
        try:
            return await connection.requests.unless_lost(request(jetstream), may_be_refused=True)
        except (ServiceUnavailableError, NoStreamResponseError, nats.errors.NoRespondersError):
            unavailable_since = unavailable_since or loop.time()
            if loop.time() > unavailable_since + READY_AFTER_S:
                raise connection.unavailable("JetStream is off, or not ready") from None
            await asyncio.sleep(ASK_AGAIN_AFTER_S)
        except ConnectionResetError:
            began, unavailable_since = loop.time(), None
        except nats.errors.TimeoutError:
            unavailable_since = None
        except APIError as error:
            description = error.description or "no reason given"
            raise of_stream(error.err_code, description, connection.address, stream) from error


def found[R](request: Request[R]) -> Request[R]:
    """Return the request, with the answer that there is no such thing as a `LookupError`.

    It is made once it is awaited, so that one that is cancelled before that leaves nothing behind.
    """

    async def request_what_is_there(jetstream: JetStreamContext) -> R:
        try:
            return await request(jetstream)
        except NotFoundError as error:
            raise LookupError from error

    return request_what_is_there
