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
        return list(islice(reversed(self._messages), messages))[::-1]


class LatestOfEach[T](History[T]):
    """The last message of each key, of so many keys.

    Args:
        size: how many keys to keep; at least 1. The one updated longest ago goes first.
        key: says what a message is about.
    """

    def __init__(self, size: int, *, key: Callable[[T], Hashable]) -> None:
        super().__init__(size)
        self._key = key
        self._latest = OrderedDict[Hashable, T]()

    @override
    def keep(self, messages: Collection[T]) -> list[T]:
        """Keep the latest of each key, and return those that had to go, as `History.keep` does.

        Raises:
            Exception: whatever the key raises for one of them; then nothing has changed.
            TypeError: if a key is of no use in a dictionary; then, too.
        """
        keys = [self._key(message) for message in messages]
        for key in keys:
            _check_hashable(key)
        latest, gone = self._latest, []
        for key, message in zip(keys, messages, strict=True):
            if key in latest:
                gone.append(latest.pop(key))
            elif len(latest) == self._size:
                gone.append(latest.popitem(last=False)[1])
            latest[key] = message
        return gone

    @override
    def last(self, messages: int) -> list[T]:
        return list(islice(reversed(self._latest.values()), messages))[::-1]


def _check_hashable(key: Hashable) -> None:
    try:
        hash(key)
    except TypeError as error:
        raise TypeError(
            f"key gave {key!r} for a message, of which nothing can be found again; let it return a "
            "string, a number or a tuple of them"
        ) from error
