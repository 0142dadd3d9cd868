"""Names that can be seen to be forgotten, wherever an answer may keep them.

>>> names = WatchedNames()
>>> kept = [names.new("a"), names.new("b")]
>>> names.still_known()
2
>>> del kept[0]
>>> names.still_known()
1
"""

import gc
import weakref


class _Name(str):
    __slots__ = ("__weakref__",)


class WatchedNames:
    """Makes names, and knows which of them somebody still has."""

    def __init__(self) -> None:
        self._alive: weakref.WeakSet[_Name] = weakref.WeakSet()

    def new(self, text: str) -> str:
        """Return a name, equal to this text."""
        name = _Name(text)
        self._alive.add(name)
        return name

    def still_known(self) -> int:
        """Return how many names are held by anybody."""
        gc.collect()
        return len(self._alive)
