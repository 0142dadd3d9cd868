"""A collector of twenty lines exports what a service has to know of its brokers."""

import itertools
from collections.abc import Iterator

import pytest

from pubsub_lib.nats import JetStreamPubSub, NatsError, NatsPubSub, NatsServer, why_no_server
from tests.nats.observing import administrator, eventually, soon, take

NO_SERVER = why_no_server(of_our_own=True)
pytestmark = pytest.mark.skipif(NO_SERVER is not None, reason=str(NO_SERVER))
SUBJECTS = (f"statistics{number}" for number in itertools.count())


def ignored(error: NatsError) -> None:
    """What is counted says the same."""


# The collector, whose form is that of Prometheus.


def samples(group, prefix: str = "pubsub") -> Iterator[tuple[str, float]]:
    for field, value in group._asdict().items():
        if hasattr(value, "_asdict"):
            yield from samples(value, f"{prefix}_{field}")
        else:
            yield f"{prefix}_{field}", float(value)


def exported(*brokers) -> str:
    return "".join(
        f'{name}{{broker="{type(broker).__name__}",subject="{broker.subject}"}} {value:g}\n'
        for broker in brokers
        for group in (broker.stats, broker.network)
        for name, value in samples(group)
    )


def read(text: str) -> dict[str, float]:
    lines = [line.split(" ") for line in text.splitlines()]
    return {name.partition("{")[0]: float(value) for name, value in lines}


# What it finds.


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with NatsServer() as server:
        yield server.url


async def test_who_falls_behind_over_jetstream_is_seen(url):
    async with (
        JetStreamPubSub[int](next(SUBJECTS), url=url, maxsize=10) as broker,
        broker.subscribe(name="slow") as inbox,
    ):
        await broker.publish_many(range(100))
        await eventually(lambda: inbox.qsize() == 10)
        assert await soon(inbox.get()) == 0
        await eventually(lambda: broker.network.lag == 90)  # it is asked now and then
        found = read(exported(broker))
        assert found["pubsub_published"] == found["pubsub_stored"] == 100
        assert found["pubsub_depth"] == 9
        assert found["pubsub_unacknowledged"] == 10
        assert found["pubsub_lag"] == 90
        assert found["pubsub_oldest_s"] > 0
        inbox.task_done()
        await take(inbox, 99)
        found = read(exported(broker))
        waiting = ("depth", "unacknowledged", "lag", "oldest_s")
        assert [found[f"pubsub_{each}"] for each in waiting] == [0, 0, 0, 0]


async def test_what_comes_again_and_what_is_given_up_is_seen(url, monkeypatch):
    async with (
        administrator(url) as server,
        JetStreamPubSub[int](
            next(SUBJECTS), url=url, ack_wait=0.1, max_tries=1, on_error=ignored
        ) as broker,
        broker.subscribe(name="reader") as inbox,
    ):
        await broker.publish(1)
        assert await soon(inbox.get()) == 1
        with monkeypatch.context() as patch:  # the acknowledgement is lost on its way
            patch.setattr(broker._stream.replies, "send", lambda envelopes, reply: None)
            inbox.task_done()
        await server.until_acknowledged(broker.subject, "reader")
        await broker.publish(2)
        assert await soon(inbox.get()) == 2
        inbox.task_failed("on purpose")
        await server.jetstream.publish(broker.subject, b"no JSON")
        await eventually(lambda: broker.network.dead_letters == 2)
        found = read(exported(broker))
        assert found["pubsub_redelivered"] == found["pubsub_copies_dropped"] == 1
        assert found["pubsub_undecodable"] == 1
        assert found["pubsub_dead_letters"] == 2


async def test_brokers_of_both_kinds_are_exported_by_the_same_collector(url):
    async with (
        NatsPubSub[int](next(SUBJECTS), url=url) as core,
        JetStreamPubSub[int](next(SUBJECTS), url=url) as stored,
        core.subscribe() as inbox,
    ):
        await core.publish(1)
        assert await soon(inbox.get()) == 1
        await core.flush()
        text = exported(core, stored)
        assert f'pubsub_sending_confirmed{{broker="NatsPubSub",subject="{core.subject}"}} 1' in text
        assert f'pubsub_connected{{broker="JetStreamPubSub",subject="{stored.subject}"}} 1' in text
        assert all(line.count(" ") == 1 for line in text.splitlines())
