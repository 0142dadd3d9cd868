"""Evidence of a leak: who asked for the memory that has grown, and who holds on to a thing.

`tracemalloc` remembers for each block of memory which line asked for it, but the line that asks is
often deep in somebody else's library. `where_memory_grew` puts growth down to the innermost line of
our own files on the way there. Sizes differ between versions of Python, so what it says can be
compared in shares only.

>>> import tracemalloc
>>> from pubsub_lib import ChapterPubSub
>>> from pubsub_lib.first_attempts import chapter
>>> import asyncio
>>> async def main() -> list[Growth]:
...     broker = ChapterPubSub[str]()
...     tracemalloc.start(FRAMES)
...     before = tracemalloc.take_snapshot()
...     for _ in range(100):
...         await broker.subscribe()
...     after = tracemalloc.take_snapshot()
...     tracemalloc.stop()
...     return where_memory_grew(before, after, [chapter])
>>> growth = asyncio.run(main())
>>> print(growth[0])
chapter.py, subscribe: queue: asyncio.Queue[T | None] = asyncio.Queue(maxsize=self.maxsize)
>>> growth[0].share > 0.9
True
"""

import ast
import gc
import linecache
import tracemalloc
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

FRAMES = 25  # how many calls tracemalloc is to remember for each block, so that ours is among them


@dataclass(frozen=True, slots=True)
class Growth:
    """Memory that one line asked for, and that was not freed since.

    Attributes:
        file: the name of its file.
        function: the function it is in; empty if none.
        line: what it says.
        size_b: how much more of its memory there is, in bytes.
        share: which part of all memory that grew this is, from 0 to 1.
    """

    file: str
    function: str
    line: str
    size_b: int
    share: float

    def __str__(self) -> str:
        return f"{self.file}, {self.function}: {self.line}"


def where_memory_grew(
    before: tracemalloc.Snapshot, after: tracemalloc.Snapshot, modules: Iterable[ModuleType]
) -> list[Growth]:
    """Return the lines of these modules whose memory has grown, the one that grew most first.

    Args:
        before: taken first, after `tracemalloc.start(FRAMES)`.
        after: taken later.
        modules: whose lines to name. What was asked for on behalf of others is left out.
    """
    files = {module.__file__ for module in modules}
    sizes_b: Counter[tuple[str, int]] = Counter()
    total_b = 0
    for difference in after.compare_to(before, "traceback"):
        if difference.size_diff <= 0:
            continue
        total_b += difference.size_diff
        for frame in reversed(difference.traceback):  # the innermost call first
            if frame.filename in files:
                sizes_b[frame.filename, frame.lineno] += difference.size_diff
                break
    return [
        Growth(
            Path(file).name,
            _function_at(file, number),
            linecache.getline(file, number).strip(),
            size_b,
            size_b / total_b,
        )
        for (file, number), size_b in sizes_b.most_common()
    ]


def held_by(thing: object, suspects: Mapping[str, object]) -> list[str]:
    """Return the names of those suspects that themselves hold a reference to a thing."""
    holders = {id(holder) for holder in gc.get_referrers(thing)}
    return [name for name, suspect in suspects.items() if id(suspect) in holders]


_blocks: list[None] = []  # not gc.get_freeze_count(): Python 3.12 begins with some frozen


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Keep Python's garbage collector from running by itself while the block lasts.

    What nobody holds is freed all the same; only what holds itself, in a circle, stays. A
    collection can be asked for, by `gc.collect()`. It is quick, since it leaves alone what there
    was before the block.
    """
    was_enabled, is_outermost = gc.isenabled(), not _blocks
    _blocks.append(None)
    gc.disable()
    if is_outermost:
        gc.freeze()
    try:
        yield
    finally:
        _blocks.pop()
        if is_outermost:
            gc.unfreeze()
        if was_enabled:
            gc.enable()


def _function_at(file: str, number: int) -> str:
    """Return the name of the innermost function that has this line."""
    tree = ast.parse("".join(linecache.getlines(file)))
    functions = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.lineno <= number <= (node.end_lineno or node.lineno)
    ]
    return max(functions, key=lambda node: node.lineno).name if functions else ""
