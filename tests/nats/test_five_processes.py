"""Two publishing and three subscribing processes, on a server that dies: what arrives, how often.

Over JetStream nothing is lost, whatever is killed; what comes twice is counted, and has its effect
once. Over core NATS what is lost is counted, to the message.
"""

import asyncio
import contextlib
import json
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from pubsub_lib.nats import NatsServer, why_no_server
from tests.nats.observing import LIMIT_S, administrator, needs_signals, stopped, until

PROGRAMS = Path(__file__).parent / "programs"
SUBJECT = "orders"
PUBLISHERS = ("p1", "p2")
SUBSCRIBERS = ("s1", "s2", "s3")
NO_SERVER = why_no_server(of_our_own=True)

pytestmark = [
    pytest.mark.skipif(NO_SERVER is not None, reason=str(NO_SERVER)),
    pytest.mark.skipif(sys.platform == "win32", reason="standard input cannot be awaited"),
]
# How many each publisher publishes.
with_few_and_many = pytest.mark.parametrize(
    "count", [500, pytest.param(10_000, marks=pytest.mark.run_all)]
)


class Process:
    """One of the processes: what to tell it, and what it says."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    @classmethod
    async def start(cls, program: str, *arguments: object) -> "Process":
        """Start a program, and return when it is ready."""
        process = cls(
            await asyncio.create_subprocess_exec(
                sys.executable,
                str(PROGRAMS / f"{program}.py"),
                *map(str, arguments),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
        )
        try:
            await process.says("ready")
        except BaseException:
            await process.kill()
            raise
        return process

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())

    async def says(self, line: str) -> None:
        assert await self.line() == line

    async def line(self) -> str:
        assert self.process.stdout is not None
        async with asyncio.timeout(3 * LIMIT_S):
            return (await self.process.stdout.readline()).decode().strip()

    async def counts(self, command: str = "count") -> dict[str, int]:
        """Ask it for what it has counted so far."""
        self.tell(command)
        counts: dict[str, int] = json.loads(await self.line())
        return counts

    async def stop(self) -> dict[str, int]:
        """Let it end in good order, and return what it has counted."""
        counts = await self.counts("stop")
        assert await self.process.wait() == 0
        return counts

    async def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


class Journal:
    """What one subscriber has seen and done, in all processes of its name."""

    def __init__(self, path: Path) -> None:
        with contextlib.closing(sqlite3.connect(path)) as database:
            self.deliveries = database.execute("SELECT * FROM deliveries ORDER BY rowid").fetchall()
            self.effects = database.execute("SELECT * FROM effects").fetchall()

    @property
    def repeated(self) -> int:
        return len(self.deliveries) - len(set(self.deliveries))

    def numbers(self, publisher: str) -> list[int]:
        return [number for name, number in self.deliveries if name == publisher]


class Fleet:
    """Two publishers and three subscribers, of one kind of broker."""

    def __init__(self, kind: str, server: NatsServer, folder: Path) -> None:
        self.kind = kind
        self.server = server
        self.folder = folder
        self.publishers: list[Process] = []
        self.subscribers: dict[str, Process] = {}

    async def start(self, *, trouble: str = "none", **options: Any) -> None:
        """Start all of them; the first subscriber has the trouble, and the options with it."""
        first, *others = SUBSCRIBERS
        await asyncio.gather(
            self.subscribe(first, trouble=trouble, **options),
            *(self.subscribe(name, **({} if trouble != "none" else options)) for name in others),
        )
        self.publishers += await asyncio.gather(
            *(
                Process.start("publisher", self.kind, self.server.url, SUBJECT, name)
                for name in PUBLISHERS
            )
        )
        if self.kind == "core":  # what is lost is counted from the first that has arrived
            self.publish(1)
            await self.published()
            await self.flush()

    async def subscribe(self, name: str, *, trouble: str = "none", **options: Any) -> Process:
        usual = {"maxsize": 1_000} | ({"receive_buffer": 100_000} if self.kind == "core" else {})
        process = await Process.start(
            "subscriber",
            self.kind,
            self.server.url,
            SUBJECT,
            name,
            self.folder / name,
            trouble,
            json.dumps(usual | options),
        )
        self.subscribers[name] = process
        return process

    def publish(self, count: int) -> None:
        for publisher in self.publishers:
            publisher.tell(f"publish {count}")

    async def published(self, *, half: bool = True) -> None:
        for publisher in self.publishers:
            if half:
                await publisher.says("half")
            await publisher.says("published")

    async def flush(self) -> None:
        """Return when all are connected, and what they have published is with the server."""
        for process in [*self.publishers, *self.subscribers.values()]:
            process.tell("flush")
            await process.says("flushed")

    async def handled(self) -> None:
        """Return when the server keeps nothing more, as all is acknowledged by everybody."""
        async with administrator(self.server.url) as server:

            async def nothing_is_kept() -> bool:
                return await server.kept(SUBJECT) == 0

            await until(nothing_is_kept, limit_s=3 * LIMIT_S)

    async def counted(self) -> None:
        """Publish more until everybody has counted all: only a later one shows what is lost."""

        async def all_is_counted() -> bool:
            self.publish(1)
            await self.published()
            await self.flush()
            published = sum([(await each.counts())["published"] for each in self.publishers])
            counts = [await each.counts() for each in self.subscribers.values()]
            return {each["received"] + each["dropped"] for each in counts} == {published}

        await until(all_is_counted)

    async def stop(self) -> tuple[int, dict[str, dict[str, int]]]:
        """End all in good order; return how many were published, and what subscribers counted."""
        published = sum([(await publisher.stop())["published"] for publisher in self.publishers])
        return published, {name: await each.stop() for name, each in self.subscribers.items()}

    def journals(self) -> dict[str, Journal]:
        return {name: Journal(self.folder / name) for name in SUBSCRIBERS}

    async def kill(self) -> None:
        for process in [*self.publishers, *self.subscribers.values()]:
            await process.kill()


@pytest.fixture
def server() -> Iterator[NatsServer]:
    with NatsServer() as server:
        yield server


@pytest.fixture
async def jetstream(server: NatsServer, tmp_path: Path) -> AsyncIterator[Fleet]:
    fleet = Fleet("jetstream", server, tmp_path)
    yield fleet
    await fleet.kill()


@pytest.fixture
async def core(server: NatsServer, tmp_path: Path) -> AsyncIterator[Fleet]:
    fleet = Fleet("core", server, tmp_path)
    yield fleet
    await fleet.kill()


def all_of(count: int) -> list[tuple[str, int]]:
    return [(publisher, number) for publisher in PUBLISHERS for number in range(count)]


def assert_each_has_every_effect_once(fleet: Fleet, count: int) -> dict[str, Journal]:
    journals = fleet.journals()
    for journal in journals.values():
        assert sorted(set(journal.deliveries)) == all_of(count)
        assert sorted(journal.effects) == all_of(count)
    return journals


@with_few_and_many
async def test_jetstream_brings_all_to_all_once_and_in_order(jetstream: Fleet, count: int):
    await jetstream.start()
    jetstream.publish(count)
    await jetstream.published()
    await jetstream.handled()
    published, counts = await jetstream.stop()
    assert published == 2 * count
    expected = {"received": 2 * count, "dropped": 0, "redelivered": 0}
    assert counts == dict.fromkeys(SUBSCRIBERS, expected)
    for journal in assert_each_has_every_effect_once(jetstream, count).values():
        assert journal.repeated == 0
        for publisher in PUBLISHERS:
            assert journal.numbers(publisher) == list(range(count))


@with_few_and_many
async def test_jetstream_loses_nothing_when_the_server_is_killed(jetstream: Fleet, count: int):
    await jetstream.start(ack_wait=1)
    jetstream.publish(count)
    await jetstream.publishers[0].says("half")
    await asyncio.to_thread(jetstream.server.restart)
    await jetstream.publishers[0].says("published")
    await jetstream.publishers[1].says("half")
    await jetstream.publishers[1].says("published")
    await jetstream.handled()
    published, counts = await jetstream.stop()
    assert published == 2 * count
    for name, journal in assert_each_has_every_effect_once(jetstream, count).items():
        # What the server has sent again, or has stored again since it had forgotten it.
        assert counts[name]["received"] == len(journal.deliveries) == 2 * count + journal.repeated


@with_few_and_many
async def test_jetstream_gives_again_what_a_killed_subscriber_had_not_acknowledged(
    jetstream: Fleet, count: int
):
    await jetstream.start(trouble="hang", ack_wait=0.5)
    jetstream.publish(count)
    await jetstream.subscribers["s1"].says("hanging")
    await jetstream.subscribers.pop("s1").kill()
    before = Journal(jetstream.folder / "s1")
    await jetstream.subscribe("s1", ack_wait=0.5)
    await jetstream.published()
    await jetstream.handled()
    published, counts = await jetstream.stop()
    assert published == 2 * count
    journals = assert_each_has_every_effect_once(jetstream, count)
    assert len(before.deliveries) >= 100
    assert before.repeated == 0
    # The last of what it had read was not acknowledged, so it has come again to its successor.
    successor = journals["s1"].deliveries[len(before.deliveries) :]
    assert before.deliveries[-1] in successor
    assert journals["s1"].repeated > 0
    assert counts["s1"]["redelivered"] > 0
    assert journals["s2"].repeated == journals["s3"].repeated == 0


@with_few_and_many
async def test_jetstream_gives_again_what_a_blocked_subscriber_acknowledges_too_late(
    jetstream: Fleet, count: int
):
    await jetstream.start(trouble="block", ack_wait=0.5)
    jetstream.publish(count)
    await jetstream.published()
    await jetstream.handled()
    _, counts = await jetstream.stop()
    journals = assert_each_has_every_effect_once(jetstream, count)
    assert journals["s1"].repeated > 0
    assert counts["s1"]["redelivered"] >= journals["s1"].repeated
    assert journals["s2"].repeated == journals["s3"].repeated == 0


async def assert_core_has_counted_all(core: Fleet, *, at_least: int) -> dict[str, dict[str, int]]:
    published, counts = await core.stop()
    assert published >= at_least
    for name, journal in core.journals().items():
        assert counts[name]["received"] + counts[name]["dropped"] == published
        assert counts[name]["received"] == len(journal.deliveries)
        assert journal.repeated == 0
        for publisher in PUBLISHERS:
            assert journal.numbers(publisher) == sorted(journal.numbers(publisher))
    return counts


@with_few_and_many
async def test_core_nats_counts_what_a_stalled_subscriber_has_missed(core: Fleet, count: int):
    await core.start(trouble="stall", maxsize=50, receive_buffer=100)
    core.publish(count)
    await core.subscribers["s1"].says("stalled")
    await core.published()
    await core.flush()
    core.subscribers["s1"].tell("go on")
    await core.counted()
    counts = await assert_core_has_counted_all(core, at_least=2 * (count + 1))
    assert counts["s1"]["dropped"] > 0
    assert counts["s2"]["dropped"] == counts["s3"]["dropped"] == 0


@needs_signals
@with_few_and_many
async def test_core_nats_counts_what_a_killed_server_has_lost(core: Fleet, count: int):
    await core.start()
    core.publish(count)
    await core.published()
    await core.flush()
    with stopped(core.server):
        core.publish(100)
        await core.published()
        core.server.kill()  # with all that it was sent meanwhile
    await asyncio.to_thread(core.server.start)
    await core.flush()
    core.publish(count)
    await core.published()
    await core.counted()
    counts = await assert_core_has_counted_all(core, at_least=2 * (2 * count + 101))
    for each in counts.values():
        assert 0 < each["dropped"] <= 200
