"""Plausible wrong answers to the exercises of notebook 10, and what the check says to each."""

import asyncio
from collections import Counter, OrderedDict

from pubsub_lib.caching.replicas import Update, Versioned


class NoBound:
    def __init__(self, capacity):
        self.capacity = capacity
        self.values = OrderedDict()

    def get(self, key):
        return self.values.get(key)

    def put(self, key, value):
        self.values[key] = value


class FirstInFirstOut(NoBound):
    def put(self, key, value):
        self.values[key] = value
        self.values.move_to_end(key)
        if len(self.values) > self.capacity:
            self.values.popitem(last=False)


class DropsTheNewest(FirstInFirstOut):
    def put(self, key, value):
        self.values[key] = value
        if len(self.values) > self.capacity:
            self.values.popitem()


class OneTooEarly(NoBound):
    def put(self, key, value):
        self.values[key] = value
        if len(self.values) >= self.capacity:
            self.values.popitem(last=False)


class LooksForAKeyThatIsMissing(FirstInFirstOut):
    def get(self, key):
        self.values.move_to_end(key)
        return self.values[key]


class Renewing(FirstInFirstOut):
    def get(self, key):
        if key in self.values:
            self.values.move_to_end(key)
        return self.values.get(key)


class MakesRoomForAKeyThatIsHeld(Renewing):
    def put(self, key, value):
        if len(self.values) == self.capacity:
            self.values.popitem(last=False)
        self.values[key] = value


class PutIsNoUse(Renewing):
    def put(self, key, value):
        self.values[key] = value
        if len(self.values) > self.capacity:
            self.values.popitem(last=False)


class Naive:
    def __init__(self, load):
        self.load = load
        self.held = {}

    async def get(self, key):
        if key not in self.held:
            self.held[key] = await self.load(key)
        return self.held[key]

    def invalidate(self, key):
        self.held.pop(key, None)


class KeepsNothing(Naive):
    async def get(self, key):
        return await self.load(key)


class InvalidatesNothing(Naive):
    def invalidate(self, key):
        pass


class RemembersEveryInvalidation(Naive):
    def __init__(self, load):
        super().__init__(load)
        self.invalidated = set()

    async def get(self, key):
        if key in self.held:
            return self.held[key]
        value = await self.load(key)
        if key not in self.invalidated:
            self.held[key] = value
        return value

    def invalidate(self, key):
        super().invalidate(key)
        self.invalidated.add(key)


class OneCountForAllKeys(Naive):
    invalidations = 0

    async def get(self, key):
        if key in self.held:
            return self.held[key]
        before = self.invalidations
        value = await self.load(key)
        if self.invalidations == before:
            self.held[key] = value
        return value

    def invalidate(self, key):
        super().invalidate(key)
        self.invalidations += 1


class OnePlaceholderForAllLoads(Naive):
    def __init__(self, load):
        super().__init__(load)
        self.loading = set()

    async def get(self, key):
        if key in self.held:
            return self.held[key]
        self.loading.add(key)
        value = await self.load(key)
        if key in self.loading:
            self.loading.discard(key)
            self.held[key] = value
        return value

    def invalidate(self, key):
        super().invalidate(key)
        self.loading.discard(key)


class SwallowsTheError(Naive):
    async def get(self, key):
        try:
            return await super().get(key)
        except KeyError:
            return None


class KeepsTheError(Naive):
    async def get(self, key):
        if key not in self.held:
            try:
                self.held[key] = await self.load(key)
            except KeyError:
                self.held[key] = None
                raise
        return self.held[key]


class WaitsForTheOvertakenLoad(Naive):
    """Who asks after the invalidation shares the load that began before it."""

    def __init__(self, load):
        super().__init__(load)
        self.loads = {}

    async def get(self, key):
        if key in self.held:
            return self.held[key]
        if key not in self.loads:
            self.loads[key] = [asyncio.ensure_future(self.load(key)), True]
        load = self.loads[key]
        try:
            value = await load[0]
        finally:
            self.loads.pop(key, None)
        if load[1]:
            self.held[key] = value
        return value

    def invalidate(self, key):
        super().invalidate(key)
        if key in self.loads:
            self.loads[key][1] = False


def last_arrival_wins(held, change):
    if isinstance(change, Update):
        held[change.key] = Versioned(change.value, change.version)
    else:
        held.pop(change.key, None)


def adds_what_is_not_held(held, change):
    if change.key in held and held[change.key].version >= change.version:
        return
    last_arrival_wins(held, change)


def always_drops(held, change):
    if isinstance(change, Update):
        if change.key in held and held[change.key].version < change.version:
            held[change.key] = Versioned(change.value, change.version)
    else:
        held.pop(change.key, None)


def only_changes_what_is_held(held, change):
    if change.key in held:
        last_arrival_wins(held, change)


def keeps_the_old_version(held, change):
    if change.key not in held or held[change.key].version >= change.version:
        return
    if isinstance(change, Update):
        held[change.key] = Versioned(change.value, held[change.key].version)
    else:
        del held[change.key]


def the_other_way_round(held, change):
    if change.key in held and held[change.key].version > change.version:
        last_arrival_wins(held, change)


class _Guarded:
    def __init__(self, load):
        self.load = load
        self.held = {}
        self.marks = {}

    async def get(self, key):
        if key in self.held:
            return self.held[key]
        mark = self.marks[key] = object()
        value = await self.load(key)
        if self.marks.get(key) is mark:
            self.held[key] = value
            del self.marks[key]
        return value

    def invalidate(self, key):
        self.held.pop(key, None)
        self.marks.pop(key, None)


class CountsTheUses:
    def __init__(self, capacity):
        self.capacity = capacity
        self.values = {}
        self.uses = Counter()

    def get(self, key):
        if key not in self.values:
            return None
        self.uses[key] += 1
        return self.values[key]

    def put(self, key, value):
        if key not in self.values and len(self.values) >= self.capacity:
            dropped = min(self.values, key=lambda key: self.uses[key])
            del self.values[dropped]
            del self.uses[dropped]
        self.values[key] = value
        self.uses[key] += 1


class MindsWhetherAValueIsTrue:
    def __init__(self, capacity):
        self.capacity = capacity
        self.values = OrderedDict()

    def get(self, key):
        value = self.values.get(key)
        if value:
            self.values.move_to_end(key)
        return value

    def put(self, key, value):
        self.values[key] = value
        self.values.move_to_end(key)
        if len(self.values) > self.capacity:
            self.values.popitem(last=False)


class TakesNoneForMissing(MindsWhetherAValueIsTrue):
    def get(self, key):
        value = self.values.get(key)
        if value is not None:
            self.values.move_to_end(key)
        return value


class HasRoomForTwo(MindsWhetherAValueIsTrue):
    def __init__(self, capacity):
        super().__init__(2)

    def get(self, key):
        if key not in self.values:
            return None
        self.values.move_to_end(key)
        return self.values[key]


class SharesItsValues:
    values = OrderedDict()  # noqa: RUF012 - the mistake

    def __init__(self, capacity):
        self.capacity = capacity

    get = HasRoomForTwo.get
    put = MindsWhetherAValueIsTrue.put


class KeepsTheAnswerFromItsCaller(_Guarded):
    async def get(self, key):
        if key in self.held:
            return self.held[key]
        mark = self.marks[key] = object()
        value = await self.load(key)
        if self.marks.get(key) is mark:
            self.held[key] = value
            del self.marks[key]
            return value
        return None


class LoadsWhatIsFreeAgain(_Guarded):
    async def get(self, key):
        if self.held.get(key):
            return self.held[key]
        mark = self.marks[key] = object()
        value = await self.load(key)
        if self.marks.get(key) is mark:
            self.held[key] = value
            del self.marks[key]
        return value


def lets_an_equal_one_win(held, change):
    if change.key not in held or held[change.key].version > change.version:
        return
    if isinstance(change, Update):
        held[change.key] = Versioned(change.value, change.version)
    else:
        del held[change.key]


def knows_gold_alone(held, change):
    if "gold" not in held or held["gold"].version >= change.version:
        return
    if isinstance(change, Update):
        held["gold"] = Versioned(change.value, change.version)
    else:
        del held["gold"]


def clears_all(held, change):
    if change.key not in held or held[change.key].version >= change.version:
        return
    if isinstance(change, Update):
        held[change.key] = Versioned(change.value, change.version)
    else:
        held.clear()


WRONG_ANSWERS = [
    ("10.1", NoBound, "where does put() drop one?"),
    ("10.1", FirstInFirstOut, "What does get() do to the order?"),
    ("10.1", DropsTheNewest, "it was dropped at once"),
    ("10.1", OneTooEarly, "does not find both"),
    ("10.1", LooksForAKeyThatIsMissing, "raises KeyError"),
    ("10.1", MakesRoomForAKeyThatIsHeld, "needs no more room"),
    ("10.1", PutIsNoUse, "put() is a use too"),
    ("10.2", Naive, "must not be kept"),
    ("10.2", KeepsNothing, "keep what the first has loaded"),
    ("10.2", InvalidatesNothing, "is to drop what is held"),
    ("10.2", RemembersEveryInvalidation, "for how long do you remember"),
    ("10.2", OneCountForAllKeys, "only loads of the same key"),
    ("10.2", OnePlaceholderForAllLoads, "finds the mark of the second"),
    ("10.2", SwallowsTheError, "let it through"),
    ("10.2", KeepsTheError, "a load raised"),
    ("10.2", WaitsForTheOvertakenLoad, "from before it"),
    ("10.3", last_arrival_wins, "adds a key that is not held"),
    ("10.3", adds_what_is_not_held, "adds a key that is not held"),
    ("10.3", always_drops, "it is older, and drops it"),
    ("10.3", only_changes_what_is_held, "it is older, and drops it"),
    ("10.3", keeps_the_old_version, "an update has no effect"),
    ("10.3", the_other_way_round, "an update has no effect"),
    ("10.1", CountsTheUses, "however often it was read"),
    ("10.1", MindsWhetherAValueIsTrue, "does not depend on its value"),
    ("10.1", TakesNoneForMissing, "with the value None"),
    ("10.1", HasRoomForTwo, "with room for 1"),
    ("10.1", SharesItsValues, "make what holds it in __init__"),
    ("10.2", KeepsTheAnswerFromItsCaller, "its own caller still gets the answer"),
    ("10.2", LoadsWhatIsFreeAgain, "whether its value is true"),
    ("10.3", lets_an_equal_one_win, "it is no newer"),
    ("10.3", knows_gold_alone, "an update of it has no effect"),
    ("10.3", clears_all, "silver is to stay"),
]
