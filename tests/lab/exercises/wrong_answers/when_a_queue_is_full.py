"""Plausible wrong answers to the exercises of notebook 05, and what the check says to each."""

import asyncio
import contextlib
from collections import deque

from pubsub_lib import Overflow

RIGHT = {
    "prices": {"maxsize": 3, "timeout": 0, "overflow": Overflow.DROP_OLDEST},
    "orders": {"maxsize": 10, "timeout": 1.0, "overflow": Overflow.RAISE},
    "log lines": {"maxsize": 100, "timeout": 0, "overflow": Overflow.DROP_NEWEST},
    "live view": {"maxsize": 20, "timeout": 0.2, "overflow": Overflow.DISCONNECT},
}


def but(data, name, **settings):
    """Right but for some settings of one kind of data."""

    def settings_for(asked):
        return RIGHT[asked] | settings if asked == data else RIGHT[asked]

    settings_for.__name__ = name
    return settings_for


def returns_nothing(data):
    pass


def knows_prices_only(data):
    return {"prices": RIGHT["prices"]}[data]


class DropsInSilence:
    def __init__(self, queue):
        self.queue = queue

    def write(self, line):
        with contextlib.suppress(asyncio.QueueFull):
            self.queue.put_nowait(line)


class Raises(DropsInSilence):
    def write(self, line):
        self.queue.put_nowait(line)


class Waits(DropsInSilence):
    async def write(self, line):
        await self.queue.put(line)


class Counting(DropsInSilence):
    def __init__(self, queue):
        super().__init__(queue)
        self.missing = 0


class TellsAfterwards(Counting):
    def write(self, line):
        if self.queue.full():
            self.missing += 1
            return
        self.queue.put_nowait(line)
        if self.missing and not self.queue.full():
            self.queue.put_nowait(self.missing)
            self.missing = 0


class NeverStartsAgain(Counting):
    def write(self, line):
        if self.missing and not self.queue.full():
            self.queue.put_nowait(self.missing)
        if self.queue.full():
            self.missing += 1
        else:
            self.queue.put_nowait(line)


class WaitsForRoomForBoth(Counting):
    def write(self, line):
        needed = 2 if self.missing else 1
        if self.queue.maxsize - self.queue.qsize() < needed:
            self.missing += 1
            return
        if self.missing:
            self.queue.put_nowait(self.missing)
            self.missing = 0
        self.queue.put_nowait(line)


class DropsTheOldest(Counting):
    def write(self, line):
        if self.queue.full():
            self.queue.get_nowait()
        self.queue.put_nowait(line)


class KeepsAll:
    def __init__(self):
        self.queue = asyncio.Queue()

    def put(self, key, value):
        self.queue.put_nowait((key, value))

    async def get(self):
        return await self.queue.get()


class KeepsTheOldValue:
    def __init__(self):
        self.values = {}
        self.something_to_read = asyncio.Event()

    def put(self, key, value):
        self.values.setdefault(key, value)
        self.something_to_read.set()

    async def get(self):
        while not self.values:
            self.something_to_read.clear()
            await self.something_to_read.wait()
        key = next(iter(self.values))
        return key, self.values.pop(key)


class GoesToTheBack(KeepsTheOldValue):
    def put(self, key, value):
        self.values.pop(key, None)
        super().put(key, value)


class ForgetsNothing(KeepsTheOldValue):
    def put(self, key, value):
        self.values[key] = value
        self.something_to_read.set()

    async def get(self):
        await self.something_to_read.wait()
        key = next(iter(self.values))
        return key, self.values[key]


class ReturnsNoneWhenEmpty(ForgetsNothing):
    async def get(self):
        if not self.values:
            return None
        key = next(iter(self.values))
        return key, self.values.pop(key)


class WakesEverybodyForOne(ForgetsNothing):
    async def get(self):
        if not self.values:
            self.something_to_read.clear()
            await self.something_to_read.wait()
        key = next(iter(self.values))
        return key, self.values.pop(key)


class LooksAgainAndAgain(ForgetsNothing):
    async def get(self):
        while not self.values:  # noqa: ASYNC110
            await asyncio.sleep(0)
        key = next(iter(self.values))
        return key, self.values.pop(key)


class LooksEveryNowAndThen(ForgetsNothing):
    async def get(self):
        while not self.values:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        key = next(iter(self.values))
        return key, self.values.pop(key)


class PutsWithAWait(KeepsTheOldValue):
    async def put(self, key, value):
        self.values[key] = value
        self.something_to_read.set()


class HoldsOneMessage:
    """A queue of one that keeps the newest: of all keys together, not of each."""

    def __init__(self):
        self.newest = deque(maxlen=1)

    def put(self, key, value):
        self.newest.append((key, value))

    async def get(self):
        return self.newest.pop()


class PutsEachKeyAgain:
    """The newest value of each key, and a place in line for each put."""

    def __init__(self):
        self.keys = asyncio.Queue()
        self.values = {}

    def put(self, key, value):
        self.values[key] = value
        self.keys.put_nowait(key)

    async def get(self):
        key = await self.keys.get()
        return key, self.values.pop(key)


class SkipsNothing(PutsEachKeyAgain):
    async def get(self):
        key = await self.keys.get()
        return key, self.values[key]


class ReadsTheLastFirst(KeepsTheOldValue):
    def put(self, key, value):
        self.values[key] = value
        self.something_to_read.set()

    async def get(self):
        while not self.values:
            self.something_to_read.clear()
            await self.something_to_read.wait()
        return self.values.popitem()


class HandsOverToWhoeverCameFirst:
    """Gives a value to the reader that has waited longest, though it may have gone."""

    def __init__(self):
        self.values = {}
        self.waiting = deque()

    def put(self, key, value):
        if self.waiting:
            future = self.waiting.popleft()
            if not future.cancelled():
                future.set_result((key, value))
        else:
            self.values[key] = value

    async def get(self):
        if self.values:
            key = next(iter(self.values))
            return key, self.values.pop(key)
        future = asyncio.get_running_loop().create_future()
        self.waiting.append(future)
        return await future


class TellsInWords(Counting):
    def write(self, line):
        if self.missing and not self.queue.full():
            self.queue.put_nowait(f"{self.missing} lines are missing")
            self.missing = 0
        if self.queue.full():
            self.missing += 1
        else:
            self.queue.put_nowait(line)


class TellsOfTheGapOnly(Counting):
    """Puts the number in, and forgets the line that brought it."""

    def write(self, line):
        if self.queue.full():
            self.missing += 1
        elif self.missing:
            self.queue.put_nowait(self.missing)
            self.missing = 0
        else:
            self.queue.put_nowait(line)


class CountsFromTheBeginning(Counting):
    def __init__(self, queue):
        super().__init__(queue)
        self.told = 0

    def write(self, line):
        if self.missing > self.told and not self.queue.full():
            self.queue.put_nowait(self.missing)
            self.told = self.missing
        if self.queue.full():
            self.missing += 1
        else:
            self.queue.put_nowait(line)


class _Log:
    def __init__(self, queue):
        self.queue = queue
        self.missing = 0


class KnowsABoundOfThree(_Log):
    def write(self, line):
        if self.missing and self.queue.qsize() < 3:
            self.queue.put_nowait(self.missing)
            self.missing = 0
        if self.queue.qsize() >= 3:
            self.missing += 1
        else:
            self.queue.put_nowait(line)


WRONG_ANSWERS = [
    ("05.1", returns_nothing, "prices: return a dictionary"),
    ("05.1", knows_prices_only, "orders: settings_for('orders') finds no settings"),
    ("05.1", but("prices", "misspelt", bound=1), "'bound' is no setting"),
    ("05.1", but("prices", "old_prices", maxsize=4), "after the market has closed"),
    ("05.1", but("prices", "always_old_prices", maxsize=20), "0.39 s old"),
    ("05.1", but("prices", "no_last_price", maxsize=1, overflow=Overflow.DROP_NEWEST), "the last"),
    ("05.1", but("prices", "slow_prices", timeout=0.1), "prices: a publish takes"),
    ("05.1", but("prices", "large_inbox", maxsize=1_000), "there is memory for 100"),
    ("05.1", but("orders", "lost_orders", timeout=0), "orders are lost"),
    ("05.1", but("orders", "untold", timeout=None), "is not told"),
    ("05.1", but("orders", "silent_drops", overflow=Overflow.DROP_NEWEST), "is not told"),
    ("05.1", but("log lines", "short_log", maxsize=48), "49 are read"),
    ("05.1", but("log lines", "end_of_log", overflow=Overflow.DROP_OLDEST), "how it began"),
    ("05.1", but("log lines", "log_that_waits", timeout=1.0), "log lines: a publish takes"),
    ("05.1", but("log lines", "log_that_raises", overflow=Overflow.RAISE), "the program ends"),
    ("05.1", but("live view", "hanging_view", overflow=Overflow.DROP_NEWEST), "a client hangs"),
    ("05.1", but("live view", "view_without_patience", timeout=0), "it is only slow"),
    ("05.1", but("live view", "patient_view", timeout=0.3), "live view: a publish takes 0.3 s"),
    ("05.1", but("live view", "waiting_view", timeout=None), "a client hangs"),
    ("05.1", but("log lines", "log_cut_off", overflow=Overflow.DISCONNECT), "second burst"),
    (
        "05.1",
        but("prices", "prices_cut_off", maxsize=1, overflow=Overflow.DISCONNECT),
        "the last price",
    ),
    ("05.1", but("orders", "late_refusals", timeout=20.0), "is not told"),
    ("05.1", but("live view", "refused_view", overflow=Overflow.RAISE), "a client hangs"),
    ("05.2", DropsInSilence, "waiting are 'c', 'f'"),
    ("05.2", Raises, "raises QueueFull"),
    ("05.2", Waits, "it never waits"),
    ("05.2", TellsAfterwards, "should be 'c', 2, 'f'"),
    ("05.2", NeverStartsAgain, "nothing is missing since"),
    ("05.2", WaitsForRoomForBoth, "the only way"),
    ("05.2", DropsTheOldest, "are to be a and b"),
    ("05.2", TellsInWords, "should be 'c', 2, 'f'"),
    ("05.2", TellsOfTheGapOnly, "should be 'c', 2, 'f'"),
    ("05.2", CountsFromTheBeginning, "should be 'h', 'i', 1"),
    ("05.3", KeepsAll, "tea 3 and salt 2"),
    ("05.3", KeepsTheOldValue, "tea 3 and salt 2"),
    ("05.3", GoesToTheBack, "keeps its place"),
    ("05.3", ForgetsNothing, "tea 3 and salt 2"),
    ("05.3", ReturnsNoneWhenEmpty, "is to wait"),
    ("05.3", WakesEverybodyForOne, "look again after waking"),
    ("05.3", LooksAgainAndAgain, "lets no time pass"),
    ("05.3", LooksEveryNowAndThen, "wakes up 2000 times to look"),
    ("05.3", PutsWithAWait, "there is always room"),
    ("05.3", HoldsOneMessage, "there are two to read"),
    ("05.3", PutsEachKeyAgain, "a key waits once, however often it is put"),
    ("05.3", SkipsNothing, "the next read gives ('tea', 3), and is to wait"),
    ("05.3", ReadsTheLastFirst, "keeps its place"),
    ("05.3", HandsOverToWhoeverCameFirst, "one who is not there any more"),
    ("05.2", KnowsABoundOfThree, "in a queue of 5"),
]
