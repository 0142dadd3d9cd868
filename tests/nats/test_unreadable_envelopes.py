"""What nats-py cannot read of a message, but any publisher can send, ends nobody's reading."""

import itertools
from collections.abc import AsyncIterator, Iterator

import nats
import pytest
from nats.aio.client import Client

from pubsub_lib.nats import JetStreamPubSub, NatsPubSub, NatsServer, why_no_server
from pubsub_lib.topics import Published
from tests.nats.observing import ignored, soon

NO_SERVER = why_no_server(of_our_own=True)
pytestmark = pytest.mark.skipif(NO_SERVER is not None, reason=str(NO_SERVER))
SUBJECTS = (f"unreadable{number}" for number in itertools.count())
BROKERS = [NatsPubSub, JetStreamPubSub]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with NatsServer() as server:
        yield server.url


@pytest.fixture
async def stranger(url: str) -> AsyncIterator[Client]:
    client = await nats.connect(url)
    yield client
    await client.close()


async def send(stranger: Client, subject: bytes, data: bytes, headers: bytes = b"") -> None:
    """Send a message as bytes, which nats-py would not make of anything that it is given."""
    sizes = len(headers), len(headers) + len(data)
    await stranger._send_command(b"HPUB %s %d %d\r\n%s%s\r\n" % (subject, *sizes, headers, data))
    await stranger.flush()


@pytest.mark.parametrize("kind", BROKERS)
@pytest.mark.parametrize(
    ("headers", "are"),
    [
        (b"garbage", {}),
        (b"NATS/1.0 \xff\xfe\xfd\r\n\r\n", {}),
        (b"NATS/1.0 503 \xff\r\nTrace: a7\r\n\r\n", {"Trace": "a7"}),
    ],
)
async def test_headers_that_nats_py_cannot_read(url, stranger, kind, headers, are):
    subject = next(SUBJECTS)
    async with kind(subject, url=url) as broker, broker.subscribe() as inbox:
        await send(stranger, subject.encode(), b"1", headers)
        assert await soon(inbox.get()) == 1
        assert inbox.headers == are
        await broker.publish(2)
        assert await soon(inbox.get()) == 2


@pytest.mark.parametrize("kind", BROKERS)
async def test_a_subject_that_is_no_text(url, stranger, kind):
    subject = next(SUBJECTS)
    async with (
        kind(subject, Published[int], url=url, on_error=ignored) as broker,
        broker.subscribe() as inbox,
    ):
        await send(stranger, subject.encode() + b".\xff", b'{"topic": "a", "message": 1}')
        await broker.publish(Published("a", 2))
        assert await soon(inbox.get()) == Published("a", 2)
        assert broker.network.undecodable == 1
        assert broker.set_aside[0].subject == f"{subject}.\ufffd"
