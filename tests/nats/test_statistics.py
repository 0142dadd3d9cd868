"""The collector in docs/watching.md exports what a service has to know of its brokers."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pubsub_lib.nats import JetStreamPubSub, NatsError, NatsPubSub, NatsServer, why_no_server
from tests.nats.observing import administrator, eventually, soon, take

NO_SERVER = why_no_server(of_our_own=True)
pytestmark = pytest.mark.skipif(NO_SERVER is not None, reason=str(NO_SERVER))
SUBJECTS = (f"statistics{number}" for number in itertools.count())
PAGE = (Path(__file__).parents[2] / "docs/watching.md").read_text(encoding="utf-8")
A_SAMPLE = re.compile(r'pubsub_(\w+)\{broker="(\w+)",subject="([^"]+)"(?:,reason="(\w+)")?\} (\S+)')


def ignored(error: NatsError) -> None:
    """What is counted says the same."""


@pytest.fixture(scope="module")
def exported():
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    assert len([line for line in program.splitlines() if line]) < 30
    names: dict = {}
    exec(program, names)
    return names["exported"]


def read(text: str) -> dict[str, float]:
    """Return each number by its name, with the reason if it has one."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("# TYPE "):
            name, _, _, reason, value = A_SAMPLE.fullmatch(line).groups()
            found[f"{name} {reason}" if reason else name] = float(value)
    return found


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with NatsServer() as server:
        yield server.url


async def test_who_falls_behind_over_jetstream_is_seen(url, exported):
    async with (
        JetStreamPubSub[int](next(SUBJECTS), url=url, maxsize=10) as broker,
        broker.subscribe(name="slow") as inbox,
    ):
        await broker.publish_many(range(100))
        await eventually(lambda: inbox.qsize() == 10)
        assert await soon(inbox.get()) == 0
        await eventually(lambda: broker.network.lag == 90)  # it is asked now and then
        found = read(exported(broker))
        assert [found[each] for each in ("received_total", "depth", "lag")] == [10, 9, 90]
        assert broker.network.unacknowledged == 10
        assert found["oldest_seconds"] > 0
        inbox.task_done()
        await take(inbox, 99)
        found = read(exported(broker))
        assert [found[each] for each in ("depth", "lag", "oldest_seconds")] == [0, 0, 0]


async def test_what_comes_again_and_what_is_given_up_is_seen(url, monkeypatch, exported):
    async with (
        administrator(url) as server,
        JetStreamPubSub[int](
            next(SUBJECTS), url=url, ack_wait=0.5, max_tries=1, on_error=ignored
        ) as broker,
        broker.subscribe(name="reader", where=lambda number: 1 / number) as inbox,
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
        await broker.publish(0)
        await server.jetstream.publish(broker.subject, b"no JSON")
        await eventually(lambda: broker.network.dead_letters == 3)
        found = read(exported(broker))
        assert found["redelivered_total"] == broker.network.redelivered >= 1
        assert found["dropped_total undecodable"] == found["dropped_total filter_raised"] == 1
        assert found["dropped_total lost"] == 0
        assert found["dead_letters_total"] == 3


async def test_brokers_of_both_kinds_are_exported_together_one_block_for_each_number(url, exported):
    async with (
        NatsPubSub[int](next(SUBJECTS), url=url, maxsize=2, timeout=0) as core,
        JetStreamPubSub[int](next(SUBJECTS), url=url) as stored,
        core.subscribe() as inbox,
    ):
        for number in range(1_234_567, 1_234_570):
            await core.publish(number)
        await core.flush()
        await eventually(lambda: not core._intakes.depth)
        assert inbox.stats.dropped == 1
        lines = exported(core, stored).splitlines()
        labels = f'broker="NatsPubSub",subject="{core.subject}"'
        assert f"pubsub_received_total{{{labels}}} 3" in lines
        assert f'pubsub_dropped_total{{{labels},reason="no_room"}} 1' in lines
        assert f"pubsub_depth{{{labels}}} 2" in lines
        assert f'pubsub_lag{{broker="JetStreamPubSub",subject="{stored.subject}"}} 0' in lines
        assert f"pubsub_lag{{{labels}}}" not in "".join(lines)
        names = [line.removeprefix("# TYPE ").partition(" ")[0].partition("{")[0] for line in lines]
        blocks = [name for name, _ in itertools.groupby(names)]
        assert len(blocks) == len(set(blocks)) == 7


def test_large_numbers_are_exported_in_full(exported):
    class Network:
        received = 12_345_678
        dropped = NatsPubSub("one").network.dropped

    class Broker:
        subject = 'odd"name'
        network = Network()

    assert r'subject="odd\"name"} 12345678' in exported(Broker())
