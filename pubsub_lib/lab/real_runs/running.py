"""Runs a day in earnest: a server of its own, and a process for each desk.

day = await run_day(source_of(serve))
"""

import asyncio
import contextlib
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pubsub_lib.lab.processes.child_process import ChildFailed
from pubsub_lib.lab.processes.programs import Program
from pubsub_lib.lab.real_runs.day import ORDERS, Day, Event, What
from pubsub_lib.lab.real_runs.desk import ACK_WAIT_S, AFTER, BEFORE, DESK, SUBJECT, Told, read_told
from pubsub_lib.nats import JetStreamPubSub, NatsError, NatsServer

#: No step takes nearly so long, however busy the machine is, unless a desk stands still.
LIMIT_S = 20.0


async def run_day(source: str) -> Day:
    """Run a day on a server of its own, and return what happened.

    Args:
        source: of the coroutine function `serve(inbox, ledger)`, which each desk runs.
    """
    day = Day(source)
    with NatsServer() as server, tempfile.TemporaryDirectory() as folder:
        await _Running(day, server, str(Path(folder, "ledger"))).run()
    return day


class _DayIsOver(Exception):
    """A desk has ended, or stands still."""


def _expected(error: NatsError) -> None:
    """Say nothing: that the server goes away is a part of the day."""


class _Running:
    """A day while it runs."""

    def __init__(self, day: Day, server: NatsServer, file: str) -> None:
        self._day = day
        self._server = server
        self._file = file
        self._began_s = time.perf_counter()
        name = day.source.split("(")[0].split()[-1]
        self._program = (
            "import asyncio, sys\n"
            "from pubsub_lib.lab.real_runs.desk import work\n\n"
            f"{day.source}\n\nasyncio.run(work({name}, *sys.argv[1:]))"
        )

    async def run(self) -> None:
        with contextlib.closing(sqlite3.connect(self._file)) as ledger:
            ledger.execute("pragma journal_mode = wal")  # a desk that is killed locks nobody out
        async with JetStreamPubSub[int](
            SUBJECT, url=self._server.url, timeout=LIMIT_S, on_error=_expected
        ) as shop:
            async with shop.subscribe(name=DESK, maxsize=1, ack_wait=ACK_WAIT_S):
                pass  # from now on the server keeps what comes for this name
            for order in ORDERS[:3]:
                await self._publish(shop, order)
            with contextlib.suppress(_DayIsOver):
                await self._desk_that_is_killed(1, BEFORE, 2)
                await self._desk_that_is_killed(2, AFTER, 3)
                await self._last_desk(3, shop)

    async def _publish(self, shop: JetStreamPubSub[int], order: int) -> None:
        await shop.publish(order)
        self._note(What.STORED, order)

    async def _desk_that_is_killed(self, desk: int, stops: str, order: int) -> None:
        async with self._new_desk(stops, order) as program:
            await self._follow(program, desk, lambda told: told.what == "stuck")
            program.kill()
            self._note(What.KILLED, desk=desk)

    async def _last_desk(self, desk: int, shop: JetStreamPubSub[int]) -> None:
        async with self._new_desk("", 0) as program:
            await self._publish(shop, 4)
            await self._until_handled(program, desk, 4)
            await self._until_the_server_knows(shop)
            self._server.kill()
            self._note(What.SERVER_KILLED)
            publishing = asyncio.create_task(shop.publish(5), name="publisher")
            await asyncio.sleep(0)  # it has begun
            self._note(What.PUBLISHER_WAITS, 5)
            self._server.start()
            self._note(What.SERVER_STARTED)
            await publishing
            self._note(What.STORED, 5)
            await self._until_handled(program, desk, 5)

    async def _until_handled(self, program: Program, desk: int, order: int) -> None:
        missing = {"carried-out", "acknowledged"}

        def handled(told: Told) -> bool:
            if told.order == order:
                missing.discard(told.what)
            return not missing

        await self._follow(program, desk, handled)

    async def _until_the_server_knows(self, shop: JetStreamPubSub[int]) -> None:
        """Return when it has heard of every acknowledgement."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LIMIT_S):
                while (await shop.named_subscriptions())[0].unacknowledged:  # noqa: ASYNC110  # it tells nobody
                    await asyncio.sleep(0.01)

    async def _follow(self, program: Program, desk: int, is_last: Callable[[Told], bool]) -> None:
        """Note what a desk tells, up to what is waited for."""
        try:
            async with asyncio.timeout(LIMIT_S):
                while True:
                    told = read_told(await program.line())
                    if told.what == "ready":
                        self._note(What.STARTED, desk=desk)
                    elif told.what != "stuck":
                        self._note(What(told.what), told.order, desk, told.line)
                    if is_last(told):
                        return
        except TimeoutError:
            self._note(What.STOOD_STILL, desk=desk)
            raise _DayIsOver from None
        except (ChildFailed, EOFError) as error:
            has_returned = isinstance(error, EOFError)
            self._day.error = (
                "no error, while orders wait"
                if has_returned
                else str(error).strip().splitlines()[-1]
            )
            self._note(What.FAILED, desk=desk)
            raise _DayIsOver from None

    def _new_desk(self, stops: str, order: int) -> Program:
        return Program(
            self._program,
            *(self._file, stops, str(order)),
            environment={"NATS_URL": self._server.url},
        )

    def _note(self, what: What, order: int = 0, desk: int = 0, line: int = -1) -> None:
        time_s = time.perf_counter() - self._began_s
        self._day.events.append(Event(time_s, what, order, desk, line))
