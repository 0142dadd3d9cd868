"""Two publishing and three subscribing processes, what they are told, and what they have seen."""

import asyncio
import contextlib
import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

from tests.nats.observing import LIMIT_S, administrator, until

PROGRAMS = Path(__file__).parent / "programs"
SUBJECT = "orders"
PUBLISHERS = ("p1", "p2")
SUBSCRIBERS = ("s1", "s2", "s3")


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

    def __init__(self, kind: str, url: str, folder: Path, **options: Any) -> None:
        self.kind = kind
        self.url = url
        self.folder = folder
        self.options = options  # of every broker
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
                Process.start(
                    "publisher", self.kind, self.url, SUBJECT, name, json.dumps(self.options)
                )
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
            self.url,
            SUBJECT,
            name,
            self.folder / name,
            trouble,
            json.dumps(usual | self.options | options),
        )
        self.subscribers[name] = process
        return process

    def publish(self, count: int) -> None:
        for publisher in self.publishers:
            publisher.tell(f"publish {count}")

    async def publish_many(self, count: int) -> None:
        """Let each publish so many with `publish_many`, and return when they are stored."""
        for publisher in self.publishers:
            publisher.tell(f"publish_many {count}")
        await self.published(half=False)

    async def longest_pause_ms(self) -> int:
        """Return how long nothing came in between two messages, at most, in milliseconds."""
        pauses = [await each.counts("pause") for each in self.subscribers.values()]
        return max(each["longest_pause_ms"] for each in pauses)

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
        async with administrator(self.url) as server:

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


def all_of(count: int) -> list[tuple[str, int]]:
    return [(publisher, number) for publisher in PUBLISHERS for number in range(count)]


def assert_each_has_every_effect_once(fleet: Fleet, count: int) -> dict[str, Journal]:
    journals = fleet.journals()
    for journal in journals.values():
        assert sorted(set(journal.deliveries)) == all_of(count)
        assert sorted(journal.effects) == all_of(count)
    return journals
