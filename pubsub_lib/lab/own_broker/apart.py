"""Runs what tries a learner's file in a process of its own, and ends it if that takes too long.

So a loop without end, `time.sleep()`, a lock taken twice, or `exit()` harm neither the notebook nor
the next try; and each try begins with a fresh interpreter, in which an edit counts at once.

>>> from pubsub_lib.lab.own_broker.given import given_state
>>> run_apart("trying:try_stage", given_state("03"), "03").kept
4
"""

import base64
import importlib
import os
import pickle
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from pubsub_lib.lab.processes.child_process import ChildFailed, run_in_a_child_process

LIMIT_S = 20.0
_TO_START_S = 40.0


class DidNotEnd(Exception):
    """The learner's file did not come to an end. Says where it stands, in plain words."""


def run_apart(function: str, path: Path, *arguments: object, limit_s: float = LIMIT_S) -> Any:
    """Call `function(path, *arguments)` in another process and return what it returns.

    Args:
        function: its module in this package, a colon, and its name.
        path: the learner's file.
        arguments: further ones, which have to be what `repr` writes.
        limit_s: how long it may take, in seconds, without the start of the process.

    Raises:
        DidNotEnd: if it takes longer, or ends the process; says at which line of the file.
    """
    call = f"{function!r}, {str(path)!r}, {arguments!r}, {limit_s!r}"
    source = f"from pubsub_lib.lab.own_broker.apart import work\nwork({call})"
    try:
        answer = run_in_a_child_process(source, limit_s=limit_s + _TO_START_S)
    except subprocess.TimeoutExpired:
        raise DidNotEnd(
            f"{path.name} has not come to an end, at a place that nothing can interrupt"
        ) from None
    except ChildFailed as error:
        raise DidNotEnd(f"{path.name} ended Python itself: {_last_line(str(error))}") from None
    if not answer:
        raise DidNotEnd(f"{path.name} ended Python itself; take out what calls exit()")
    result = pickle.loads(base64.b64decode(answer))
    if isinstance(result, DidNotEnd):
        raise result
    return result


def work(function: str, path: str, arguments: tuple[object, ...], limit_s: float) -> None:
    """Do what `run_apart` asks, in the process that it has started."""
    module, _, name = function.partition(":")
    call = getattr(importlib.import_module(f"pubsub_lib.lab.own_broker.{module}"), name)
    answers = sys.stdout
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  what the file prints

    def answer(result: object) -> None:
        answers.write(base64.b64encode(pickle.dumps(result)).decode())
        answers.flush()
        os._exit(0)  # whatever the file has left behind

    main = threading.get_ident()
    watchdog = threading.Timer(limit_s, lambda: answer(_stuck(Path(path), main, limit_s)))
    watchdog.daemon = True
    watchdog.start()
    result = call(Path(path), *arguments)
    watchdog.cancel()
    answer(result)


def _stuck(path: Path, thread: int, limit_s: float) -> DidNotEnd:
    frame = sys._current_frames().get(thread)
    stack = traceback.extract_stack(frame) if frame else []
    lines = [one for one in stack if one.filename == str(path)]
    where = f"line {lines[-1].lineno} of {path.name}, `{lines[-1].line}`," if lines else path.name
    for caller in lines[-2:-5:-1]:  # so far down the reason for it mostly lies
        where += f" called in line {caller.lineno}, `{caller.line}`,"
    return DidNotEnd(
        f"{where} was not over after {limit_s:g} s: it is run again and again, or it waits in a "
        "way that stops the whole event loop, as time.sleep() and a lock of threads do"
    )


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]
