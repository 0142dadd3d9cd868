"""Ends a loop that goes round without end and waits for nothing, which no event loop can end.

A reader that looks whether a queue is empty, and awaits nothing while it is, never gives way: no
other task runs, no timer, and no limit of steps or of time is reached. So Python tells us
(`sys.monitoring`, PEP 669) each time a loop goes round, and at one too many it raises an error.

>>> def read(queue: list[str]) -> str:
...     while not queue:
...         pass
...     return queue.pop()
>>> try:
...     with ending_endless_loops():
...         read([])
... except EndlessLoop as error:
...     print(error)
a loop that has gone round 1,000,000 times and is not done
"""

import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType

#: How often the loops of a block may go round, all in all: a second or two of a loop without end.
MOST_ROUNDS = 1_000_000
#: Where the loops lie that are not counted: those of this library, and of Python's own.
OTHERS = (str(Path(__file__).parents[2]), sysconfig.get_path("stdlib"), "<frozen")
_TOOLS = (4, 3, 5, 1, 2)  # those that no kind of tool is expected to have first


class EndlessLoop(Exception):
    """Raised in a loop that has gone round too often."""


@contextmanager
def ending_endless_loops(
    most_rounds: int = MOST_ROUNDS, others: tuple[str, ...] = OTHERS
) -> Iterator[None]:
    """Raise an `EndlessLoop` in a loop that goes round too often while the block runs.

    Where other tools, such as debuggers, leave no room to watch from, no loop is ended.

    Args:
        most_rounds: how often the loops may go round, all in all.
        others: how the names of the files begin whose loops are not counted.
    """
    monitoring = sys.monitoring
    tool = next((tool for tool in _TOOLS if monitoring.get_tool(tool) is None), None)
    if tool is None:
        yield
        return
    rounds = 0

    def jumped(code: CodeType, here: int, there: int) -> object:
        nonlocal rounds
        if there > here or code.co_filename.startswith(others):
            return monitoring.DISABLE
        rounds += 1
        if rounds > most_rounds:
            raise EndlessLoop(f"a loop that has gone round {most_rounds:,} times and is not done")
        return None

    jump = monitoring.events.JUMP
    monitoring.use_tool_id(tool, "endless loops")
    try:
        monitoring.register_callback(tool, jump, jumped)
        monitoring.set_events(tool, jump)
        monitoring.restart_events()  # those that an earlier block had switched off
        yield
    finally:
        monitoring.set_events(tool, monitoring.events.NO_EVENTS)
        monitoring.register_callback(tool, jump, None)
        monitoring.free_tool_id(tool)
