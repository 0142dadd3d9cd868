"""Other right answers to the exercises of notebook 10, which its checks are not to refuse."""

from collections import Counter

from pubsub_lib.caching.replicas import Update, Versioned


class TakesOutAndPutsBack:
    """A plain dictionary: what is put in last stands last."""

    def __init__(self, capacity):
        self.capacity, self.values = capacity, {}

    def get(self, key):
        if key in self.values:
            value = self.values[key] = self.values.pop(key)
            return value
        return None

    def put(self, key, value):
        self.values.pop(key, None)
        self.values[key] = value
        while len(self.values) > self.capacity:
            del self.values[next(iter(self.values))]


class NumbersEachUse:
    def __init__(self, capacity):
        self.capacity, self.values, self.used, self.uses = capacity, {}, {}, 0

    def _use(self, key):
        self.uses += 1
        self.used[key] = self.uses

    def get(self, key):
        if key not in self.values:
            return None
        self._use(key)
        return self.values[key]

    def put(self, key, value):
        if key not in self.values and len(self.values) == self.capacity:
            oldest = min(self.values, key=self.used.__getitem__)
            del self.values[oldest]
        self.values[key] = value
        self._use(key)


class CountsTheInvalidations:
    def __init__(self, load):
        self.load, self.held, self.invalidated = load, {}, Counter()

    async def get(self, key):
        if key not in self.held:
            before = self.invalidated[key]
            value = await self.load(key)
            if self.invalidated[key] != before:
                return value
            self.held[key] = value
        return self.held[key]

    def invalidate(self, key):
        self.invalidated[key] += 1
        self.held.pop(key, None)


class TellsTheLoadsThatAreUnderWay:
    def __init__(self, load):
        self.load, self.held, self.under_way = load, {}, []

    async def get(self, key):
        if key in self.held:
            return self.held[key]
        load = {"key": key, "overtaken": False}
        self.under_way.append(load)
        try:
            value = await self.load(key)
        finally:
            self.under_way.remove(load)
        if not load["overtaken"]:
            self.held[key] = value
        return value

    def invalidate(self, key):
        self.held.pop(key, None)
        for load in self.under_way:
            if load["key"] == key:
                load["overtaken"] = True


def asks_what_it_is(held, change):
    current = held.get(change.key)
    if current is None or change.version <= current.version:
        return
    match change:
        case Update():
            held[change.key] = Versioned(change.value, change.version)
        case _:
            held.pop(change.key)


def nests_its_questions(held, change):
    if change.key in held and change.version > held[change.key].version:
        del held[change.key]
        if isinstance(change, Update):
            held[change.key] = Versioned(value=change.value, version=change.version)


RIGHT_ANSWERS = [
    ("10.1", TakesOutAndPutsBack),
    ("10.1", NumbersEachUse),
    ("10.2", CountsTheInvalidations),
    ("10.2", TellsTheLoadsThatAreUnderWay),
    ("10.3", asks_what_it_is),
    ("10.3", nests_its_questions),
]
