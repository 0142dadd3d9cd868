"""Exercise 11.2: mend a desk that loses orders.

>>> from pubsub_lib.lab.exercises import examine
>>> async def never_acknowledges(inbox, ledger):
...     while (order := await inbox.get()) is not None:
...         if order not in ledger:
...             await ledger.carry_out(order)
>>> examine("11.2", never_acknowledges).explanation[:49]
'orders 1, 2, 3, 4 were handled, and 1, 2, 3, 4 no'
"""

import asyncio
from collections.abc import AsyncIterator, Iterable

from pubsub_lib.lab.exercises.beyond_one_process.trouble import Trouble, listed
from pubsub_lib.lab.exercises.checking import AN_HOUR_S, exercise, require, run_without_polling
from pubsub_lib.lab.exercises.hints import hints
from pubsub_lib.lab.lesson.sources import source_of
from pubsub_lib.lab.processes.servers import why_stop
from pubsub_lib.lab.real_runs.commands import day_with
from pubsub_lib.lab.real_runs.day import What
from pubsub_lib.lab.real_runs.filming import in_words
from pubsub_lib.lab.real_runs.serving import Serve

hints(
    "11.2",
    "First carry out, then acknowledge: a crash between the two does it again, and loses nothing.",
    "What comes again may have been carried out by a desk that is dead. The ledger knows.",
    "Only what is not in the ledger is to be carried out, and everything is to be acknowledged.",
)


@exercise(
    "11.2", "whatever is killed, a desk or the server, each order is carried out, and none twice"
)
def check_desk(serve: Serve) -> None:
    """Refuse a desk that loses an order or repeats one.

    The virtual clock can stop it at each step, and say which. What a process is, only a real run
    shows.
    """
    moments = [(when, place) for place in range(1, 5) for when in Trouble]
    for first, trouble in enumerate([None, *moments]):
        # In each scenario other orders, as they are for a desk that remembers some.
        run_without_polling(_has_trouble(serve, trouble, range(10 * first + 1, 10 * first + 5)))
    _handles_a_real_day(serve)


class _Inbox:
    """Hands out orders, and knows which of them are acknowledged, as a server would.

    Two come at a time, a second later two more, so that it is empty in between and has not ended.

    Args:
        orders: what it hands out.
        waits_s: how long after the last one it ends, in seconds.
    """

    def __init__(self, orders: Iterable[int], *, waits_s: float = 0.0) -> None:
        self.taken: list[int] = []
        self.acknowledged: list[int] = []
        self.has_ended = False
        begins_s = asyncio.get_running_loop().time()
        self._coming = [(begins_s + place // 2, order) for place, order in enumerate(orders)]
        self._waits_s = waits_s

    async def get(self) -> int | None:
        await asyncio.sleep(0.001)
        while self._coming:
            if not self.empty():
                return self.get_nowait()
            await asyncio.sleep(self._coming[0][0] - asyncio.get_running_loop().time())
        await asyncio.sleep(self._waits_s)
        self.has_ended = True
        return None

    def get_nowait(self) -> int:
        if self.empty():
            raise asyncio.QueueEmpty
        self.taken.append(self._coming.pop(0)[1])
        return self.taken[-1]

    def qsize(self) -> int:
        return sum(at_s <= asyncio.get_running_loop().time() for at_s, _ in self._coming)

    def empty(self) -> bool:
        return self.qsize() == 0

    def task_done(self) -> None:
        require(
            bool(self.taken),
            "task_done() is called more often than orders were taken; who reads with async for "
            "leaves it to the loop",
        )
        self.acknowledged.append(self.taken.pop(0))

    async def __aiter__(self) -> AsyncIterator[int]:
        while (order := await self.get()) is not None:
            yield order
            self.task_done()


class _Ledger:
    """Notes what is carried out; at one order it gets into trouble."""

    def __init__(self, trouble: Trouble | None, at: int) -> None:
        self.effects: list[int] = []
        self.in_trouble = asyncio.Event()
        self._trouble = trouble
        self._at = at

    def __contains__(self, order: int) -> bool:
        return order in self.effects

    async def carry_out(self, order: int) -> None:
        require(order is not None, "get() returned None, which is the end and no order")
        await asyncio.sleep(0.01)
        trouble = self._trouble if order == self._at else None
        match trouble:
            case Trouble.RAISES:
                raise ConnectionError("the database is away")
            case Trouble.KILLED_BEFORE:
                await self._stop()
            case Trouble.KILLED_AFTER:
                self.effects.append(order)
                await self._stop()
            case None:
                self.effects.append(order)

    async def _stop(self) -> None:
        self.in_trouble.set()
        await asyncio.Event().wait()

    def end(self) -> None:
        """From now on all goes well."""
        self._trouble = None


async def _has_trouble(serve: Serve, moment: tuple[Trouble, int] | None, orders: range) -> None:
    """Let the loop have its trouble; then let another one go on, and look at what was done."""
    trouble, at = (None, 0) if moment is None else (moment[0], orders[moment[1] - 1])
    what = "nothing fails" if trouble is None else trouble.format(at)
    inbox, ledger = _Inbox(orders, waits_s=AN_HOUR_S), _Ledger(trouble, at)
    desk = asyncio.ensure_future(serve(inbox, ledger))
    in_trouble = asyncio.create_task(ledger.in_trouble.wait(), name="what kills the desk")
    await asyncio.wait([desk, in_trouble], return_when=asyncio.FIRST_COMPLETED)
    _require_the_end(what, desk, inbox)
    await asyncio.sleep(10)  # others may go on meanwhile
    # What a dying process does is done by no dead one.
    acknowledged, effects = list(inbox.acknowledged), list(ledger.effects)
    for task in (desk, in_trouble):
        task.cancel()
    await asyncio.wait([desk, in_trouble])
    if not desk.cancelled() and (error := desk.exception()) is not None:
        if trouble is not Trouble.RAISES:
            raise error
        if isinstance(error, NotImplementedError):
            raise error
    ledger.effects = effects
    ledger.end()
    again = [order for order in orders if order not in acknowledged]
    second = _Inbox(again)
    goes_on = asyncio.ensure_future(serve(second, ledger))
    await asyncio.wait([goes_on])
    _require_the_end(what, goes_on, second)
    goes_on.result()
    _judge(what, orders, acknowledged, ledger.effects)
    left = [order for order in again if order not in second.acknowledged]
    require(
        not left,
        f"orders {listed(orders)} were handled, and {listed(left)} not acknowledged; the server "
        "will deliver them again, for ever",
    )


def _require_the_end(what: str, desk: asyncio.Future[None], inbox: _Inbox) -> None:
    """Refuse a desk that has returned while orders may still come."""
    if desk.done() and not desk.cancelled() and desk.exception() is None:
        taken = listed([*inbox.acknowledged, *inbox.taken])
        require(
            inbox.has_ended,
            f"{what}: it has returned after orders {taken}, and more may come; that nothing waits "
            "is not the end, and get() gives None when it is",
        )


def _judge(what: str, orders: range, acknowledged: list[int], effects: list[int]) -> None:
    """Refuse what was lost or repeated, with the reason."""
    missing = [order for order in orders if order not in effects]
    require(
        not missing,
        f"{what}: acknowledged were {listed(acknowledged)}, so {listed(missing)} is never "
        "delivered again, and never carried out; what has to come first, carry_out() or "
        "task_done()?",
    )
    repeated = sorted({order for order in effects if effects.count(order) > 1})
    require(
        not repeated,
        f"{what}: acknowledged were {listed(acknowledged)}, so {listed(repeated)} came again, "
        "and was carried out twice; who knows, beyond the end of a process, what was carried out?",
    )


def _handles_a_real_day(serve: Serve) -> None:
    """Run it at real desks, on a real server, and kill both."""
    if reason := why_stop():
        require(False, f"on the virtual clock all is right, but there is no server: {reason}")
    day = day_with(source_of(serve))
    require(
        not day.error and What.STOOD_STILL not in [event.what for event in day.events],
        f"at a real desk, in a process of its own, it ends with {day.error or 'nothing'}: a desk "
        "knows the source of this function, and nothing else of the notebook",
    )
    require(
        not day.lost and not day.repeated,
        f"on a real server, with desks that are killed: {in_words(day)}",
    )
