"""What a film is asked for, checked before anything runs, so that a bad request costs nothing.

>>> import asyncio
>>> program = asyncio.sleep(0)
>>> with closed_if_refused([program]):
...     checked_views("lop")
Traceback (most recent call last):
ValueError: view is one of messages, loop, ring, not 'lop'
>>> checked_programs(program)
Traceback (most recent call last):
ValueError: a coroutine runs once, and this one has: call main() anew, as in film(main())
"""

import asyncio
import inspect
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from pubsub_lib.arguments import answers_at_once, checked_positive
from pubsub_lib.lab.replay.message_numbers import Label

type Running = Coroutine[Any, Any, Any]


class View(StrEnum):
    """What a film shows of a run."""

    MESSAGES = "messages"
    """Who publishes, what waits in which queue, who reads, what is lost."""
    LOOP = "loop"
    """Who runs now, who is ready, who waits for what."""
    RING = "ring"
    """The slots of a ring, the cursors in it, and the gate."""


@contextmanager
def closed_if_refused(coroutines: Iterable[object]) -> Iterator[None]:
    """Close coroutines if an error ends the block, or Python warns that nobody awaited them."""
    try:
        yield
    except BaseException:
        for coroutine in coroutines:
            if asyncio.iscoroutine(coroutine):
                coroutine.close()
        raise


def checked_programs(program: Running | Mapping[str, Running]) -> Mapping[str, Running]:
    """Return the runs to be filmed by name."""
    programs = program if isinstance(program, Mapping) else {"": program}
    if not programs:
        raise ValueError("there is no run to film: name at least one")
    for coroutine in programs.values():
        if not asyncio.iscoroutine(coroutine):
            raise TypeError(
                "film() takes a coroutine, as in film(main()), or several by name, as in "
                f'film({{"one": main(), "two": main()}}): {coroutine!r}'
            )
    ran = [one for one in programs.values() if inspect.iscoroutine(one) and _has_run(one)]
    if ran or len(set(map(id, programs.values()))) < len(programs):
        raise ValueError(
            "a coroutine runs once, and this one has: call main() anew, as in film(main())"
        )
    return programs


def checked_views(view: View | str | Iterable[View | str]) -> tuple[View, ...]:
    """Return what is to be shown, each once."""
    if not isinstance(view, str | Iterable):
        raise TypeError(f"view is one of {', '.join(View)}, or several in a list, not {view!r}")
    views = [view] if isinstance(view, str) else list(view)
    if not views:
        raise ValueError(f"a film shows something: view is one of {', '.join(View)}")
    return tuple(dict.fromkeys(map(_checked_view, views)))


def checked_source(source: Iterable[Any]) -> list[Any]:
    """Return the functions and classes whose source is to be shown."""
    if isinstance(source, str) or not isinstance(source, Iterable) or isinstance(source, type):
        name = getattr(source, "__name__", "MyBroker.publish")
        raise TypeError(f"source takes functions or classes in a list, as in source=[{name}]")
    return list(source)


def checked_watch(watch: Iterable[str] | Mapping[str, str]) -> Mapping[str, str]:
    """Return the expressions to be watched by what they are called."""
    if isinstance(watch, str) or not isinstance(watch, Iterable):
        raise TypeError(f"watch takes expressions in a list, as in watch=[{str(watch)!r}]")
    expressions = watch if isinstance(watch, Mapping) else {text: text for text in watch}
    for name, text in expressions.items():
        if not (isinstance(name, str) and isinstance(text, str)):
            raise TypeError(f"what is watched is written as text, as in watch=['x'], not {text!r}")
    return expressions


def checked_label(label: Label | None) -> Label | None:
    """Return what makes labels of messages."""
    if label is not None and not answers_at_once(label):
        raise TypeError(f"label is a function of a message, as in label=str, not {label!r}")
    return label


def check_limits(*, max_seconds: float, max_steps: int) -> None:
    """Raise an error if a limit is no number above 0."""
    checked_positive("max_seconds", max_seconds, unit="seconds")
    checked_positive("max_steps", max_steps, unit="steps")


def _has_run(coroutine: Coroutine[Any, Any, Any]) -> bool:
    return inspect.getcoroutinestate(coroutine) != inspect.CORO_CREATED


def _checked_view(view: View | str) -> View:
    try:
        return View(view)
    except ValueError:
        raise ValueError(f"view is one of {', '.join(View)}, not {view!r}") from None
