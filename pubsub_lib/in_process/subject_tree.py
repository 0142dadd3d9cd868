"""A tree of subjects: who wants a message costs what those cost who want it.

Each token of a pattern is a step down, so a subject leads to its takers, whoever else there is.
Beside its own token it may take the step `*`, and from anywhere the step `>`, which is the last.
The NATS server finds its subscribers so (server/sublist.go).

>>> tree = SubjectTree[str]()
>>> for pattern in ("prices.gold", "prices.*", "news.>"):
...     tree.add(pattern, f"the taker of {pattern}")
>>> tree.takers("prices.gold")
['the taker of prices.gold', 'the taker of prices.*']
>>> tree.remove("prices.*", "the taker of prices.*")
>>> tree.takers("prices.gold")
['the taker of prices.gold']
"""

from collections.abc import Hashable


class SubjectTree[S: Hashable]:
    """Finds those who asked for a subject by a pattern. Who is in it once is found once."""

    def __init__(self) -> None:
        self._root: _Node[S] = _Node()

    def __bool__(self) -> bool:
        """Whether anybody is in it."""
        return bool(self._root.children)

    def add(self, pattern: str, taker: S) -> None:
        """Let the taker be found by the subjects that match the pattern."""
        node = self._root
        for token in pattern.split("."):
            following = node.children.get(token)
            if following is None:
                following = node.children[token] = _Node()
            node = following
        node.takers[taker] = None

    def remove(self, pattern: str, taker: S) -> None:
        """Let the taker be found no longer. Nothing is kept of a pattern that nobody gives.

        Raises:
            KeyError: if it was not added by this pattern.
        """
        path = [(self._root, "")]
        for token in pattern.split("."):
            path.append((path[-1][0].children[token], token))
        del path[-1][0].takers[taker]
        while len(path) > 1:
            node, token = path.pop()
            if node.takers or node.children:
                break
            del path[-1][0].children[token]

    def takers(self, subject: str) -> list[S]:
        """Return whoever asked for the subject; those of one pattern in the order of adding."""
        found: list[S] = []
        nodes = [self._root]
        for token in subject.split("."):
            reached = []
            for node in nodes:
                children = node.children
                if token in children:
                    reached.append(children[token])
                if "*" in children:
                    reached.append(children["*"])
                if ">" in children:
                    found += children[">"].takers
            nodes = reached
        for node in nodes:
            found += node.takers
        return found


class _Node[S: Hashable]:
    """One step from the root of the tree.

    Attributes:
        children: where a further token leads.
        takers: whose pattern ends here.
    """

    __slots__ = ("children", "takers")

    def __init__(self) -> None:
        self.children: dict[str, _Node[S]] = {}
        self.takers: dict[S, None] = {}
