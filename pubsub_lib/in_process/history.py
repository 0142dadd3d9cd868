"""The last messages, kept for subscribers that come later: all of them, or of each key the latest.

>>> last_two = History[str](2)
>>> last_two.keep(["gold 1900", "silver 23", "gold 1910"])
['gold 1900']
>>> last_two.last(5)
['silver 23', 'gold 1910']

With a key, what was updated longest ago goes first:

>>> latest = History[str](2, key=lambda price: price.split()[0])
>>> latest.keep(["gold 1900", "silver 23", "gold 1910", "copper 8"])
['gold 1900', 'silver 23']
>>> latest.last(5)
['gold 1910', 'copper 8']
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from itertools import count, islice


class History[T]:
    """The last messages of a broker, the latest last.

    Args:
        size: how many messages to keep, which are as many keys; at least 1.
        key: says what a message is about; of that, only the latest is kept. `None` keeps every one.
    """

    def __init__(self, size: int, *, key: Callable[[T], Hashable] | None = None) -> None:
        numbers = count()
        self._size = size
        self._key = key if key is not None else lambda _: next(numbers)
        self._kept: OrderedDict[Hashable, T] = OrderedDict()

    def keep(self, messages: Sequence[T]) -> list[T]:
        """Keep these, the latest last, and return those that had to go.

        Whoever calls it holds these until its work is over: to free a message may run anything.

        Raises:
            Exception: whatever the key raises for one of them; then nothing has changed.
            TypeError: if a key is of no use in a dictionary; then, too.
        """
        keys = [self._key(message) for message in messages]
        for key in keys:
            _check_hashable(key)
        kept, gone = self._kept, []
        for key, message in zip(keys, messages, strict=True):
            if key in kept:
                gone.append(kept.pop(key))
            elif len(kept) == self._size:
                gone.append(kept.popitem(last=False)[1])
            kept[key] = message
        return gone

    def last(self, messages: int) -> list[T]:
        """Return so many of the last messages, or all that there are, the latest last."""
        return list(islice(reversed(self._kept.values()), messages))[::-1]


def _check_hashable(key: Hashable) -> None:
    try:
        hash(key)
    except TypeError as error:
        raise TypeError(
            f"key gave {key!r} for a message, of which nothing can be found again; let it return a "
            "string, a number or a tuple of them"
        ) from error
