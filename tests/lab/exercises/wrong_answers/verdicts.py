"""Plausible wrong answers to the exercises of notebook 12, and what the check says to each."""

import asyncio
import importlib.util
from pathlib import Path

from pubsub_lib import AsyncPubSub, Overflow
from pubsub_lib.lab.traffic.price_feed import Served

_PATH = Path(__file__).parents[4] / "notebooks" / "solutions" / "12_verdicts.py"
_SPEC = importlib.util.spec_from_file_location("solutions_12", _PATH)
_SOLUTIONS = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_SOLUTIONS)
RightFeed = _SOLUTIONS.PriceFeed


def subscribing(name, **settings):
    """Right but for some settings; `None` leaves one out."""
    right = {"maxsize": 1, "timeout": 0, "overflow": Overflow.DROP_OLDEST} | settings

    def newest_price(broker, symbol):
        settings = {key: value for key, value in right.items() if value is not None}
        return broker.subscribe(where=lambda price: price.symbol == symbol, **settings)

    newest_price.__name__ = name
    return newest_price


def of_every_symbol(broker, symbol):
    return broker.subscribe(maxsize=1, timeout=0, overflow=Overflow.DROP_OLDEST)


def returns_nothing(broker, symbol):
    broker.subscribe(maxsize=1)


def changes_the_broker(broker, symbol):
    broker.maxsize, broker.timeout, broker.overflow = 1, 0, Overflow.DROP_OLDEST
    for inbox in broker.queues:
        inbox.close()
    return broker.subscribe(where=lambda price: price.symbol == symbol)


def gives_the_broker_other_settings(broker, symbol):
    broker.maxsize, broker.timeout, broker.overflow = 1, 0, Overflow.DROP_OLDEST
    return broker.subscribe(where=lambda price: price.symbol == symbol)


def changes_only_the_timeout(broker, symbol):
    broker.timeout = 0
    return broker.subscribe(
        where=lambda price: price.symbol == symbol, maxsize=1, overflow=Overflow.DROP_OLDEST
    )


async def stays_in_the_broker(inbox, handle):
    try:
        async for price in inbox:
            await handle(price)
    except Exception as error:
        return error


async def lets_it_raise(inbox, handle):
    async with inbox:
        async for price in inbox:
            await handle(price)


async def goes_on_after_an_error(inbox, handle):
    failed = None
    async with inbox:
        async for price in inbox:
            try:
                await handle(price)
            except Exception as error:
                failed = error
    return failed


async def catches_its_cancellation(inbox, handle):
    async with inbox:
        try:
            async for price in inbox:
                await handle(price)
        except BaseException as error:
            return error


async def closes_only_on_errors(inbox, handle):
    try:
        async for price in inbox:
            await handle(price)
    except Exception as error:
        inbox.close()
        return error


async def reads_one(inbox, handle):
    await handle(await inbox.get())
    inbox.task_done()


def not_a_coroutine(inbox, handle):
    return None


class WithTheBrokersDefaults(RightFeed):
    def __init__(self):
        super().__init__()
        self.broker = AsyncPubSub()


class DropsForWhoeverHangs(RightFeed):
    def __init__(self):
        super().__init__()
        self.broker = AsyncPubSub(maxsize=100, timeout=0)


class ImpatientFeed(RightFeed):
    """Its inboxes are so small that whoever pauses is lost."""

    def __init__(self):
        super().__init__()
        self.broker = AsyncPubSub(maxsize=1, timeout=0, overflow=Overflow.DROP_OLDEST)


class HasNoRoomForABurst(RightFeed):
    def __init__(self):
        super().__init__()
        self.broker = AsyncPubSub(maxsize=10, timeout=0.1, overflow=Overflow.DISCONNECT)


class EverythingForEverybody(RightFeed):
    def follow(self, name, handle, *, symbols=(), newest=False):
        super().follow(name, handle, newest=newest)


class NothingIsNewest(RightFeed):
    def follow(self, name, handle, *, symbols=(), newest=False):
        super().follow(name, handle, symbols=symbols)


class CancelsAtOnce(RightFeed):
    async def close(self, *, grace_s):
        return await super().close(grace_s=0)


class WaitsForEverybody(RightFeed):
    async def close(self, *, grace_s):
        return await super().close(grace_s=7200)


class WaitsTwice(RightFeed):
    async def close(self, *, grace_s):
        await self.broker.shutdown(timeout=grace_s)
        return await super().close(grace_s=grace_s)


class LeavesTasks(RightFeed):
    async def close(self, *, grace_s):
        await self.broker.shutdown(timeout=grace_s)
        return {}


class ReportsNothing(RightFeed):
    async def close(self, *, grace_s):
        await super().close(grace_s=grace_s)


class AllWasWell(RightFeed):
    async def close(self, *, grace_s):
        report = await super().close(grace_s=grace_s)
        return {name: Served(served.handled, 0, "closed") for name, served in report.items()}


class MissesNothing(RightFeed):
    async def close(self, *, grace_s):
        report = await super().close(grace_s=grace_s)
        return {name: served._replace(missed=0) for name, served in report.items()}


class CountsWhatItHands(RightFeed):
    async def close(self, *, grace_s):
        report = await super().close(grace_s=grace_s)
        return {
            name: served._replace(handled=served.handled + (served.end != "closed"))
            for name, served in report.items()
        }


class LooksTooLate(RightFeed):
    """Asks who was disconnected when the broker has closed everybody."""

    async def close(self, *, grace_s):
        await self.broker.shutdown(timeout=0)
        return await super().close(grace_s=grace_s)


class NeedsCustomers(RightFeed):
    async def close(self, *, grace_s):
        await asyncio.wait(self.tasks.values(), timeout=0)
        return await super().close(grace_s=grace_s)


async def polls(inbox, handle):
    async with inbox:
        while not (inbox.closed and inbox.empty()):
            if inbox.empty():
                await asyncio.sleep(0.01)
                continue
            try:
                await handle(inbox.get_nowait())
            except Exception as error:
                return error
            finally:
                inbox.task_done()
    return None


async def stops_where_it_is_empty(inbox, handle):
    async with inbox:
        while not inbox.empty():
            try:
                await handle(await inbox.get())
            except Exception as error:
                return error
            finally:
                inbox.task_done()
    return None


def only_gold(broker, symbol):
    return broker.subscribe(
        where=lambda price: price.symbol == "gold",
        maxsize=1,
        timeout=0,
        overflow=Overflow.DROP_OLDEST,
    )


def all_but_silver(broker, symbol):
    return broker.subscribe(
        where=lambda price: price.symbol != "silver",
        maxsize=1,
        timeout=0,
        overflow=Overflow.DROP_OLDEST,
    )


async def expects_a_value_error(inbox, handle):
    async with inbox:
        try:
            async for price in inbox:
                await handle(price)
        except ValueError as error:
            return error
    return None


async def closes_only_while_it_handles(inbox, handle):
    async for price in inbox:
        try:
            await handle(price)
        except Exception as error:
            inbox.close()
            return error
        except asyncio.CancelledError:
            inbox.close()
            raise
    return None


WRONG_ANSWERS = [
    ("12.2", polls, "looks again and again"),
    ("12.2", stops_where_it_is_empty, "it ends while no price is there"),
    ("12.1", returns_nothing, "return the inbox"),
    ("12.1", of_every_symbol, "waiting are silver 4"),
    ("12.1", subscribing("room_for_three", maxsize=3), "waiting are gold 1, gold 2, gold 3"),
    ("12.1", subscribing("keeps_the_first", overflow=None), "waiting are gold 1"),
    ("12.1", subscribing("room_for_all", maxsize=None), "waiting are gold 1, gold 2, gold 3"),
    ("12.1", subscribing("lets_them_wait", timeout=None), "the publisher waits 1 s"),
    (
        "12.1",
        subscribing("disconnects", overflow=Overflow.DISCONNECT),
        "waiting are gold 1; it should",
    ),
    ("12.1", changes_the_broker, "somebody else"),
    (
        "12.1",
        gives_the_broker_other_settings,
        "you have changed the broker's maxsize and timeout and overflow",
    ),
    ("12.1", changes_only_the_timeout, "you have changed the broker's timeout, and whoever"),
    ("12.2", stays_in_the_broker, "still takes prices: close it"),
    ("12.2", lets_it_raise, "so did you"),
    ("12.2", goes_on_after_an_error, "still takes prices"),
    ("12.2", catches_its_cancellation, "has to pass through"),
    ("12.2", closes_only_on_errors, "it was cancelled, and its inbox still takes prices"),
    ("12.2", reads_one, "it ends while no price is there"),
    ("12.2", not_a_coroutine, "async def"),
    ("12.3", WithTheBrokersDefaults, "0.2 s is the limit"),
    ("12.3", DropsForWhoeverHangs, "hung is reported as cancelled, and was disconnected"),
    ("12.3", ImpatientFeed, "hung is reported as cancelled"),
    ("12.3", HasNoRoomForABurst, "the inboxes are to have room for bursts of 100"),
    ("12.3", EverythingForEverybody, "gold desk is to get 200 prices, in order, and gets 400"),
    ("12.3", NothingIsNewest, "who wants only the newest price"),
    ("12.3", CancelsAtOnce, "dashboard is reported as cancelled, and was closed"),
    ("12.3", WaitsForEverybody, "close(grace_s=2) takes"),
    ("12.3", WaitsTwice, "close(grace_s=2) takes 4 s"),
    ("12.3", LeavesTasks, "tasks are left: archive"),
    ("12.3", ReportsNothing, "what became of each"),
    ("12.3", AllWasWell, "buggy is reported as closed, and was failed"),
    ("12.3", MissesNothing, "prices of gold, and the report says 0"),
    ("12.3", CountsWhatItHands, "buggy has handled 2 prices, and the report says 3"),
    ("12.3", LooksTooLate, "is reported as disconnected, and was closed"),
    ("12.3", NeedsCustomers, "a feed without customers is closed"),
    ("12.1", only_gold, "it should be silver 3 alone"),
    ("12.1", all_but_silver, "it should be silver 3 alone"),
    ("12.2", expects_a_value_error, "and so did you"),
    ("12.2", closes_only_while_it_handles, "while it waited for a price"),
]
