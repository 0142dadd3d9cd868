"""A desk: the process that handles orders, and tells each step in a line that it prints.

The learner writes only its loop, `serve(inbox, ledger)`, which knows nothing of all this. A desk
can be told to stop for ever at a step, which is where it is then killed.

>>> print(told("took", 2, 4))
took 2 4
>>> read_told("took 2 4")
Told(what='took', order=2, line=4)
"""

import asyncio
import inspect
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from types import FrameType
from typing import NamedTuple

from pubsub_lib.lab.real_runs.serving import Orders, Serve
from pubsub_lib.nats import JetStreamPubSub

SUBJECT = "orders"
DESK = "desk"
#: How long the server waits for an acknowledgement, in seconds.
ACK_WAIT_S = 0.5
BEFORE, AFTER = "before", "after"


type Tell = Callable[[str, int], None]


class Told(NamedTuple):
    """A line that a desk has printed.

    Attributes:
        what: what it has just done.
        order: with which order; 0 for none.
        line: at which line of the loop it stands, counted from 0; -1 if at none.
    """

    what: str
    order: int
    line: int


def told(what: str, order: int, line: int) -> str:
    """Return the line to print."""
    return f"{what} {order} {line}"


def read_told(line: str) -> Told:
    """Return what a printed line says."""
    what, order, number = line.rsplit(" ", 2)
    return Told(what, int(order), int(number))


class TellingInbox:
    """Passes on what a subscription has, and tells it."""

    def __init__(self, inbox: Orders, tell: Tell) -> None:
        self._inbox = inbox
        self._tell = tell
        self._taken: list[int] = []

    async def get(self) -> int | None:
        """Wait for the next order; `None` at the end."""
        order = await self._inbox.get()
        if order is not None:
            self._taken.append(order)
            self._tell("took", order)
        return order

    def task_done(self) -> None:
        """Acknowledge the order."""
        self._inbox.task_done()
        self._tell("acknowledged", self._taken.pop(0))

    async def __aiter__(self) -> AsyncIterator[int]:
        """Acknowledge each order when the next one is asked for."""
        while (order := await self.get()) is not None:
            yield order
            self.task_done()


class Ledger:
    """The orders that were carried out, in a file that outlives the desk.

    Args:
        file: a SQLite database.
        tell: tells what was done.
        at_each: awaited before and after an order is carried out.
    """

    def __init__(
        self, file: str, tell: Tell, at_each: Callable[[str, int], Awaitable[None]]
    ) -> None:
        self._database = sqlite3.connect(file, isolation_level=None)
        self._database.execute("create table if not exists effects (number)")
        self._tell = tell
        self._at_each = at_each

    def __contains__(self, order: int) -> bool:
        """Whether this order was carried out."""
        return order in self.orders

    @property
    def orders(self) -> list[int]:
        """All that were carried out, in this order."""
        rows = self._database.execute("select number from effects order by rowid")
        return [number for (number,) in rows]

    async def carry_out(self, order: int) -> None:
        """Carry out an order, and note that, in one write."""
        await self._at_each(BEFORE, order)
        self._database.execute("insert into effects values (?)", [order])
        self._tell("carried-out", order)
        await self._at_each(AFTER, order)

    def close(self) -> None:
        """Close the file."""
        self._database.close()


async def work(serve: Serve, file: str, stops: str, stops_at: str) -> None:
    """Handle orders, and tell of it, until somebody kills this process.

    Args:
        serve: the loop.
        file: where the ledger is.
        stops: `before` or `after` an order is carried out the process stops for ever; else ``.
        stops_at: with which order.
    """

    def tell(what: str, order: int) -> None:
        print(told(what, order, _line_in(serve)))

    async def stop(when: str, order: int) -> None:
        await broker.flush()  # the server knows what was acknowledged
        if (when, str(order)) == (stops, stops_at):
            tell("stuck", order)
            await asyncio.Event().wait()

    broker = JetStreamPubSub[int](SUBJECT, maxsize=1, ack_wait=ACK_WAIT_S)
    ledger = Ledger(file, tell, stop)
    async with broker, broker.subscribe(name=DESK) as inbox:
        print(told("ready", 0, -1))
        await serve(TellingInbox(inbox, tell), ledger)


def _line_in(serve: Serve) -> int:
    """Return at which line of the loop, counted from 0, this was called; -1 if from nowhere."""
    frame: FrameType | None = inspect.currentframe()
    code = serve.__code__
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    return -1 if frame is None else frame.f_lineno - code.co_firstlineno
