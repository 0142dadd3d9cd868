"""The last messages, kept for subscribers that come later: all of them, or of each key the latest.

>>> last_two = History[str](2)
>>> last_two.keep(["gold 1900", "silver 23", "gold 1910"])
['gold 1900']
>>> last_two.last(5)
['silver 23', 'gold 1910']

With a key, what was updated longest ago goes first:

>>> latest = LatestOfEach[str](2, key=lambda price: price.split()[0])
>>> latest.keep(["gold 1900", "silver 23", "gold 1910", "copper 8"])
['gold 1900', 'silver 23']
>>> latest.last(5)
['gold 1910', 'copper 8']
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Hashable
from itertools import islice
from typing import override

from pubsub_lib.arguments import described_and_closed, is_awaitable
from pubsub_lib.in_process.nesting import Nesting

COMPARED_AT_MOST = 100  #: times that keys are compared anew, if to compare them publishes


class History[T]:
    """The last messages of a broker.

    Args:
        size: how many messages to keep; at least 1.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._messages = deque[T]()

    def keep(self, messages: Collection[T]) -> list[T]:
        """Keep these, the latest last, and return those that had to go.

        Whoever calls it holds these until its work is over: to free a message may run anything.
        """
        self._messages.extend(messages)
        return [self._messages.popleft() for _ in range(len(self._messages) - self._size)]

    def last(self, messages: int) -> list[T]:
        """Return so many of the last messages, or all that there are, the latest last."""
        return list(islice(reversed(self._messages), min(messages, len(self._messages))))[::-1]


class LatestOfEach[T](History[T]):
    """The last message of each key, of so many keys.

    Args:
        size: how many keys to keep; at least 1. The one updated longest ago goes first.
        key: says what a message is about.
    """

    def __init__(self, size: int, *, key: Callable[[T], Hashable]) -> None:
        super().__init__(size)
        self._key = key
        self._latest = OrderedDict[_Entry, T]()
        self._by_hash: dict[int, list[_Entry]] = {}
        self._changes = 0
        self._asking = Nesting()

    @override
    def keep(self, messages: Collection[T]) -> list[T]:
        """Keep the latest of each key, and return those that had to go, as `History.keep` does.

        Raises:
            Exception: whatever the key raises for one of them, or its comparison with another key;
                then nothing has changed.
            TypeError: if a key is of no use in a dictionary; then, too.
            RuntimeError: if the key, or comparing keys, publishes whenever it is asked.
        """
        # To hash and compare keys may do anything, so it is all done before anything changes here.
        with self._asking:
            keys = [self._key(message) for message in messages]
            hashes = [_checked_hash(key) for key in keys]
        if len(keys) == 1:  # the usual case, which is to be quick
            for entry in self._by_hash.get(hashes[0], ()):
                if (entry.key is keys[0] or entry.key == keys[0]) and entry in self._latest:
                    return self._put([entry], messages)
        for _ in range(COMPARED_AT_MOST):
            before = self._changes
            entries = self._entries(keys, hashes)
            if self._changes == before:
                return self._put(entries, messages)
        raise RuntimeError("to compare the keys of this history publishes, each time it is done")

    def _entries(self, keys: list[Hashable], hashes: list[int]) -> "list[_Entry]":
        """Return for each key the entry that is known by it, or a new one."""
        found: list[_Entry] = []
        new: dict[int, list[_Entry]] = {}
        for key, number in zip(keys, hashes, strict=True):
            for entry in (*self._by_hash.get(number, ()), *new.get(number, ())):
                if entry.key is key or entry.key == key:
                    break
            else:
                entry = _Entry(key, number)
                new.setdefault(number, []).append(entry)
            found.append(entry)
        return found

    def _put(self, entries: "list[_Entry]", messages: Collection[T]) -> list[T]:
        self._changes += 1
        latest, gone = self._latest, []
        forgotten = []  # held until all is in its place, as a key, too, may run anything when freed
        for entry, message in zip(entries, messages, strict=True):
            if entry in latest:
                gone.append(latest.pop(entry))
            else:
                if len(latest) == self._size:
                    oldest, old = latest.popitem(last=False)
                    gone.append(old)
                    forgotten.append(oldest)
                    self._forget(oldest)
                self._by_hash.setdefault(entry.hash, []).append(entry)
            latest[entry] = message
        return gone

    def _forget(self, entry: "_Entry") -> None:
        others = [other for other in self._by_hash.pop(entry.hash) if other is not entry]
        if others:
            self._by_hash[entry.hash] = others

    @override
    def last(self, messages: int) -> list[T]:
        return list(islice(reversed(self._latest.values()), min(messages, len(self._latest))))[::-1]


class _Entry:
    """A key, as the history knows it: by itself, so that to find it runs nobody's code."""

    __slots__ = ("hash", "key")

    def __init__(self, key: Hashable, number: int) -> None:
        self.key = key
        self.hash = number


def _checked_hash(key: Hashable) -> int:
    if is_awaitable(key):
        raise TypeError(
            "key is a function that says at once what a message is about, not one that returns "
            f"{described_and_closed(key)}"
        )
    try:
        return hash(key)
    except TypeError as error:
        raise TypeError(
            f"key gave {key!r} for a message, of which nothing can be found again; let it return a "
            "string, a number or a tuple of them"
        ) from error
