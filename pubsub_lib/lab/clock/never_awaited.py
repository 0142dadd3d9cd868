"""Finds out which coroutines were made and never awaited, which Python only warns of.

>>> import asyncio
>>> async def main() -> None:
...     asyncio.sleep(1)
>>> with noting_what_is_never_awaited() as forgotten:
...     asyncio.run(main())
>>> without_await(forgotten)
'`sleep()` is called without `await`, and so never run; '
"""

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

_NEVER_AWAITED = re.compile(r"coroutine '(?:.*\.)?(?P<name>\w+)' was never awaited")


@contextmanager
def noting_what_is_never_awaited() -> Iterator[list[str]]:
    """Note the names of the coroutines that are made in the block, and that nobody awaits."""
    names: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("always", RuntimeWarning)
        show = warnings.showwarning

        def note(message: Warning | str, *rest: Any, **more: Any) -> None:
            if match := _NEVER_AWAITED.fullmatch(str(message)):
                names.append(match["name"])
            else:
                show(message, *rest, **more)

        warnings.showwarning = note
        yield names


def without_await(forgotten: Sequence[str]) -> str:
    """Say what was never awaited, to stand before what came of it; "" if there is nothing."""
    if not forgotten:
        return ""
    names = [f"`{name}()`" for name in dict.fromkeys(forgotten)]
    verb = "is" if len(names) == 1 else "are"
    return f"{' and '.join(names)} {verb} called without `await`, and so never run; "
