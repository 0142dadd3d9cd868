"""Processes that share a name share the work: each message goes to one, and survives its death."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from pubsub_lib.nats import JetStreamPubSub
from tests.nats.fleet import Journal, Process
from tests.nats.observing import Server
from tests.nats.programs import orders

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="standard input cannot be awaited")
NAME = "billing"
COUNT = 400

type Start = Callable[..., Awaitable[tuple[Process, Path]]]


@pytest.fixture
async def start(url: str, subject: str, tmp_path: Path) -> AsyncIterator[Start]:
    """Start a process that reads the name, with a journal of its own."""
    started: list[Process] = []

    async def start(*, trouble: str = "none") -> tuple[Process, Path]:
        path = tmp_path / f"{len(started)}.db"
        options = json.dumps({"ack_wait": 1, "maxsize": 10})
        process = await Process.start(
            "subscriber", "jetstream", url, subject, NAME, path, trouble, options
        )
        started.append(process)
        return process, path

    yield start
    for process in started:
        await process.kill()


async def publish(url: str, subject: str) -> set[tuple[str, int]]:
    async with JetStreamPubSub(subject, orders.Order, url=url) as broker:
        await broker.publish_many(orders.Order("p", number) for number in range(COUNT))
    return {("p", number) for number in range(COUNT)}


async def test_each_message_is_handled_once_by_one_of_two_processes(
    url: str, subject: str, server: Server, start: Start
):
    (first, path), (second, another_path) = await start(), await start()
    everything = await publish(url, subject)
    await server.until_acknowledged(subject, NAME)
    counts = [await first.stop(), await second.stop()]
    assert [each["redelivered"] for each in counts] == [0, 0]
    one, other = Journal(path).deliveries, Journal(another_path).deliveries
    assert one
    assert other
    assert sorted(one + other) == sorted(everything)


async def test_what_a_killed_process_had_comes_to_the_other(
    url: str, subject: str, server: Server, start: Start
):
    (hanging, path), (other, another_path) = await start(trouble="hang"), await start()
    publishing = asyncio.create_task(publish(url, subject))
    await hanging.says("hanging")  # it has handled some, and has not said so of the last of them
    await hanging.kill()
    everything = await publishing
    await server.until_acknowledged(subject, NAME)
    assert (await other.stop())["dropped"] == 0
    killed, left = Journal(path), Journal(another_path)
    assert {*killed.effects, *left.effects} == everything
    both = set(killed.effects) & set(left.effects)
    assert 1 <= len(both) <= 10  # as many as one may have that are not acknowledged
