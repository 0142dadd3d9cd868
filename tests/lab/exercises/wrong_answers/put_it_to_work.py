"""Plausible wrong answers to the exercises of notebook 13, and what the check says to each."""

import asyncio
import contextlib
from collections import Counter, defaultdict
from typing import ClassVar


async def returns_at_the_end(connect, handle):
    last = 0
    async for number, price in await connect(last):
        handle(number, price)


async def begins_anew(connect, handle):
    while True:
        with contextlib.suppress(ConnectionError):
            async for number, price in await connect(0):
                handle(number, price)
        await asyncio.sleep(1)


async def is_not_ready_for_an_error(connect, handle):
    last = 0
    while True:
        async for number, price in await connect(last):
            handle(number, price)
            last = number
        await asyncio.sleep(1)


async def handles_what_it_has(connect, handle):
    last, wait_s = 0, 1
    while True:
        with contextlib.suppress(ConnectionError):
            async for number, price in await connect(last):
                wait_s = 1
                handle(number, price)
                last = number
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, 8)


async def skips_the_first_after_each_return(connect, handle):
    last, wait_s = 0, 1
    while True:
        with contextlib.suppress(ConnectionError):
            async for number, price in await connect(last - 1):
                wait_s = 1
                if number > last + 1 or last == 0:
                    handle(number, price)
                last = max(last, number)
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, 8)


async def hammers(connect, handle):
    last = 0
    while True:
        with contextlib.suppress(ConnectionError):
            async for number, price in await connect(last):
                if number > last:
                    handle(number, price)
                    last = number
        await asyncio.sleep(0.1)


async def waits_longer_for_ever(connect, handle):
    last, wait_s = 0, 1
    while True:
        with contextlib.suppress(ConnectionError):
            async for number, price in await connect(last):
                if number > last:
                    handle(number, price)
                    last = number
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, 8)


async def has_no_limit_to_the_wait(connect, handle):
    last, wait_s = 0, 1
    while True:
        with contextlib.suppress(ConnectionError):
            async for number, price in await connect(last):
                wait_s = 1
                if number > last:
                    handle(number, price)
                    last = number
        await asyncio.sleep(wait_s)
        wait_s *= 2


async def cannot_be_cancelled(connect, handle):
    last, wait_s = 0, 1
    while True:
        try:
            async for number, price in await connect(last):
                wait_s = 1
                if number > last:
                    handle(number, price)
                    last = number
        except BaseException:
            pass
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, 8)


async def takes_only_the_very_last_for_known(connect, handle):
    last, wait_s = 0, 1
    while True:
        with contextlib.suppress(ConnectionError):
            async for number, price in await connect(last):
                wait_s = 1
                if number != last:
                    handle(number, price)
                    last = number
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, 8)


async def takes_an_open_door_for_a_board(connect, handle):
    last, wait_s = 0, 1
    while True:
        with contextlib.suppress(ConnectionError):
            stream = await connect(last)
            wait_s = 1
            async for number, price in stream:
                if number > last:
                    handle(number, price)
                    last = number
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, 8)


async def gives_up(connect, handle):
    last, tries = 0, 0
    while tries < 12:
        with contextlib.suppress(ConnectionError):
            async for number, price in await connect(last):
                tries = 0
                if number > last:
                    handle(number, price)
                    last = number
        await asyncio.sleep(min(2**tries, 8))
        tries += 1


async def cannot_be_cancelled_while_it_waits(connect, handle):
    last, wait_s = 0, 1
    while True:
        with contextlib.suppress(ConnectionError):
            async for number, price in await connect(last):
                wait_s = 1
                if number > last:
                    handle(number, price)
                    last = number
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, 8)


class Limit:
    """Right; each of those below is wrong in one thing."""

    def __init__(self, most):
        self.most = most
        self.open = Counter()

    def is_full(self, address):
        return self.open[address] >= self.most

    async def serve(self, address, stream):
        if self.is_full(address):
            return False
        self.open[address] += 1
        await self.run(address, stream)
        return True

    async def run(self, address, stream):
        try:
            await stream()
        finally:
            self.free(address)

    def free(self, address):
        self.open[address] -= 1
        if not self.open[address]:
            del self.open[address]


class OneLimitForAll(Limit):
    def is_full(self, address):
        return self.open.total() >= self.most


class OneTooMany(Limit):
    def is_full(self, address):
        return self.open[address] > self.most


class NeverFrees(Limit):
    async def run(self, address, stream):
        await stream()


class FreesOnlyAfterSuccess(Limit):
    async def run(self, address, stream):
        await stream()
        self.free(address)


class FreesAfterAnErrorOnly(Limit):
    async def run(self, address, stream):
        try:
            await stream()
        except Exception:
            self.free(address)
            raise
        self.free(address)


class FreesWhatItRefused(Limit):
    async def serve(self, address, stream):
        try:
            if self.is_full(address):
                return False
            self.open[address] += 1
            await stream()
        finally:
            self.free(address)
        return True


class RemembersEverybody(Limit):
    def free(self, address):
        self.open[address] -= 1


class LooksBeforeItTakes(Limit):
    async def serve(self, address, stream):
        if self.is_full(address):
            return False
        await asyncio.create_task(self.take_and_run(address, stream))
        return True

    async def take_and_run(self, address, stream):
        self.open[address] += 1
        await self.run(address, stream)


class OneCountForEveryLimit(Limit):
    open: ClassVar = Counter()

    def __init__(self, most):
        self.most = most


class Waits:
    def __init__(self, most):
        self.places = defaultdict(lambda: asyncio.Semaphore(most))

    async def serve(self, address, stream):
        async with self.places[address]:
            await stream()
        return True


class SwallowsTheError(Limit):
    async def serve(self, address, stream):
        with contextlib.suppress(ConnectionError):
            return await super().serve(address, stream)
        return True


class SaysNothing(Limit):
    async def serve(self, address, stream):
        await super().serve(address, stream)


class TellsEverything:
    lifetime_s = 3
    period_s = 1

    def __init__(self, broker, worker):
        self.broker, self.worker = broker, worker
        self.tabs, self.others = Counter(), {}

    async def join(self, visitor):
        self.tabs[visitor] += 1
        await self.tell()

    async def leave(self, visitor):
        self.tabs[visitor] -= 1
        await self.tell()

    def here(self):
        now = asyncio.get_running_loop().time()
        heard = [who for at, who in self.others.values() if now - at < self.lifetime_s]
        return set(+self.tabs).union(*heard)

    async def tell(self):
        await self.broker.publish((self.worker, list(+self.tabs)))

    async def tell_again(self):
        while True:
            await self.tell()
            await asyncio.sleep(self.period_s)

    async def read(self):
        async with self.broker.subscribe() as inbox:
            async for worker, who in inbox:
                self.others[worker] = (asyncio.get_running_loop().time(), who)

    async def run(self):
        await asyncio.gather(self.read(), self.tell_again())


class KnowsItsOwnWorkerOnly(TellsEverything):
    def here(self):
        return set(+self.tabs)


class TellsOnlyChanges(TellsEverything):
    async def tell_again(self):
        await asyncio.Event().wait()

    def here(self):
        return set(+self.tabs).union(*(who for _, who in self.others.values()))


class SharesItsMemory(TellsEverything):
    period_s = 0.25

    async def join(self, visitor):
        self.tabs[visitor] += 1

    async def leave(self, visitor):
        self.tabs[visitor] -= 1

    async def tell_again(self):
        await self.broker.publish((self.worker, self.tabs))
        while True:
            await asyncio.sleep(self.period_s)
            await self.broker.publish((self.worker, None))

    async def read(self):
        async with self.broker.subscribe() as inbox:
            async for worker, tabs in inbox:
                _, known = self.others.get(worker, (0, tabs))
                self.others[worker] = (asyncio.get_running_loop().time(), known)

    def here(self):
        now = asyncio.get_running_loop().time()
        heard = [tabs for at, tabs in self.others.values() if now - at < self.lifetime_s]
        return set(+self.tabs).union(*(+tabs for tabs in heard))


class SendsItself(TellsEverything):
    async def tell(self):
        await self.broker.publish(self)


class NeverForgets(TellsEverything):
    lifetime_s = 1e9


class ForgetsTooSoon(TellsEverything):
    lifetime_s = 0.7


class TellsTooSeldom(TellsEverything):
    period_s, lifetime_s = 10, 30


class CountsNoTabs(TellsEverything):
    async def leave(self, visitor):
        self.tabs[visitor] = 0
        await self.tell()


class OneSetForAll(TellsEverything):
    def __init__(self, broker, worker):
        super().__init__(broker, worker)
        self.all = set()

    async def join(self, visitor):
        await self.broker.publish(("join", visitor))

    async def leave(self, visitor):
        await self.broker.publish(("leave", visitor))

    async def read(self):
        async with self.broker.subscribe() as inbox:
            async for what, visitor in inbox:
                if what == "join":
                    self.all.add(visitor)
                else:
                    self.all.discard(visitor)

    async def tell_again(self):
        await asyncio.Event().wait()

    def here(self):
        return self.all


class Polls(TellsEverything):
    async def read(self):
        async with self.broker.subscribe() as inbox:
            while True:
                while inbox.qsize():
                    worker, who = inbox.get_nowait()
                    self.others[worker] = (asyncio.get_running_loop().time(), who)
                await asyncio.sleep(0.001)


class ReturnsAtOnce(TellsEverything):
    async def run(self):
        self.tasks = [asyncio.create_task(self.read()), asyncio.create_task(self.tell_again())]


WRONG_ANSWERS = [
    ("13.1", returns_at_the_end, "it has not come back within 10 s"),
    ("13.1", begins_anew, "It has come back with 0"),
    ("13.1", is_not_ready_for_an_error, "ConnectionError: it was killed"),
    ("13.1", handles_what_it_has, "sends prices 1 and 2 once more"),
    ("13.1", skips_the_first_after_each_return, "not 1 to 6, each once"),
    ("13.1", hammers, "are to be 1, 2, 4, 8, 8, 8 s and are 0, 0"),
    ("13.1", waits_longer_for_ever, "the waits before each try"),
    ("13.1", has_no_limit_to_the_wait, "are 1, 2, 4, 8, 16"),
    ("13.1", cannot_be_cancelled, "goes on; let a cancellation pass"),
    ("13.1", takes_only_the_very_last_for_known, "sends prices 1 and 2 once more"),
    ("13.1", takes_an_open_door_for_a_board, "to be 2, 4, 8, 8 s and are 1, 1, 1, 1"),
    ("13.1", gives_up, "away for an hour, and it comes back to it no more"),
    ("13.1", cannot_be_cancelled_while_it_waits, "goes on; let a cancellation pass"),
    ("13.2", OneLimitForAll, "another one is refused its first"),
    ("13.2", OneTooMany, "its third is let in"),
    ("13.2", NeverFrees, "a stream ends, and its place is not free again"),
    ("13.2", FreesOnlyAfterSuccess, "a stream raises, and its place is not free again"),
    ("13.2", FreesAfterAnErrorOnly, "a stream is cancelled, and its place is not free again"),
    ("13.2", FreesWhatItRefused, "gives back a place that it never had"),
    ("13.2", RemembersEverybody, "it still knows 100 of them"),
    ("13.2", LooksBeforeItTakes, "five of one address come in the same moment: 5 are let in"),
    ("13.2", OneCountForEveryLimit, "is counted at the other"),
    ("13.2", Waits, "its third waits; refuse it at once"),
    ("13.2", SwallowsTheError, "whoever called serve() does not learn it"),
    ("13.2", SaysNothing, "and returns None"),
    ("13.3", KnowsItsOwnWorkerOnly, "not ['Ada', 'Ben']"),
    ("13.3", TellsOnlyChanges, "at a worker that started later"),
    ("13.3", SharesItsMemory, "at the first worker here() gives ['Ada'], not ['Ada', 'Ben']"),
    ("13.3", SendsItself, "cannot become bytes for the other worker"),
    ("13.3", NeverForgets, "the worker that Ada was at was killed 5 s ago"),
    ("13.3", ForgetsTooSoon, "Ada is here all the time"),
    ("13.3", TellsTooSeldom, "at a worker that started later"),
    ("13.3", CountsNoTabs, "Ada had two tabs, at the same worker, and closed one"),
    ("13.3", OneSetForAll, "at a worker that started later"),
    ("13.3", Polls, "it looks again and again"),
    ("13.3", ReturnsAtOnce, "run() of one has returned"),
]
