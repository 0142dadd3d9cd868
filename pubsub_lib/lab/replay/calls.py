"""Who calls `publish`, `put`, `get` and the like while a program runs, without the program's help.

Python tells us (`sys.monitoring`, PEP 669) when a function starts and ends, and of functions with
other names it tells us once. So any broker can be watched, a learner's own included, and none has
to know of it.

>>> import asyncio
>>> with watch_calls(lambda call: print(call.name, call.argument), lambda call: print("done")):
...     asyncio.Queue(2).put_nowait("hello")
__init__ 2
done
put_nowait hello
done
"""

import asyncio
import sys
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

NAMES = frozenset(
    {"publish", "publish_nowait", "publish_many", "put", "put_nowait"}
    | {"get", "get_nowait", "__anext__", "task_done", "subscribe", "join", "shutdown"}
)
_NEW_QUEUE = asyncio.Queue.__init__.__code__
_OF_QUEUES = asyncio.Queue.get.__code__.co_filename
_STANDARD = sysconfig.get_path("stdlib")
_TOOLS = (3, 4, 5, 2, 1)  # those that no kind of tool is expected to have first


@dataclass(slots=True, eq=False)
class Call:
    """One call of a method.

    Attributes:
        name: the name of the method.
        owner: the object whose method it is.
        argument: the first argument; `None` if there is none.
        result: what it returned, at the end.
        error: the exception that ended it.
        running: whether it has not ended.
    """

    name: str
    owner: Any
    argument: Any
    result: Any = None
    error: BaseException | None = None
    running: bool = True


@contextmanager
def watch_calls(
    started: Callable[[Call], object], ended: Callable[[Call], object]
) -> Iterator[None]:
    """Report calls while the block runs: at their start, and, with their result, at their end.

    Raises:
        RuntimeError: if other tools, such as debuggers, watch already and leave no room.
    """
    monitoring = sys.monitoring
    tool = next((tool for tool in _TOOLS if monitoring.get_tool(tool) is None), None)
    if tool is None:
        raise RuntimeError("too many tools, such as debuggers, watch this program already")
    running: dict[FrameType, Call] = {}

    def start(code: CodeType, offset: int) -> object:
        if not _is_watched(code):
            return monitoring.DISABLE
        frame = sys._getframe(1)
        arguments = [frame.f_locals.get(name) for name in code.co_varnames[: code.co_argcount]]
        call = running[frame] = Call(code.co_name, arguments[0], [*arguments[1:], None][0])
        started(call)
        return None

    def end(code: CodeType, offset: int, result: object) -> object:
        if not _is_watched(code):
            return monitoring.DISABLE
        if call := running.pop(sys._getframe(1), None):
            call.result, call.running = result, False
            ended(call)
        return None

    def unwind(code: CodeType, offset: int, error: BaseException) -> object:
        if _is_watched(code) and (call := running.pop(sys._getframe(1), None)):
            call.error, call.running = error, False
            ended(call)
        return None

    events = monitoring.events
    monitoring.use_tool_id(tool, "film")
    try:
        monitoring.register_callback(tool, events.PY_START, start)
        monitoring.register_callback(tool, events.PY_RETURN, end)
        monitoring.register_callback(tool, events.PY_UNWIND, unwind)
        monitoring.set_events(tool, events.PY_START | events.PY_RETURN | events.PY_UNWIND)
        monitoring.restart_events()  # those that an earlier film had switched off
        yield
    finally:
        monitoring.set_events(tool, events.NO_EVENTS)
        for event in (events.PY_START, events.PY_RETURN, events.PY_UNWIND):
            monitoring.register_callback(tool, event, None)
        monitoring.free_tool_id(tool)


def _is_watched(code: CodeType) -> bool:
    """Whether this is a method that matters here: of a queue, or of somebody's own class."""
    if code is _NEW_QUEUE:
        return True
    if code.co_name not in NAMES or not code.co_argcount or code.co_varnames[0] != "self":
        return False
    if code.co_filename == _OF_QUEUES:
        return code.co_name != "join"  # that of a queue waits, and lets nobody join
    standard = code.co_filename.startswith(("<frozen", _STANDARD))
    return not standard or "site-packages" in code.co_filename
