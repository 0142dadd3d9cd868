"""Exercise 05.3: an inbox of the newest value of each key.

>>> from pubsub_lib.lab.exercises import examine
>>> class KeepsAll:
...     def __init__(self):
...         self.items = []
...     def put(self, key, value):
...         self.items.append((key, value))
...     async def get(self):
...         return self.items.pop(0)
>>> examine("05.3", KeepsAll).explanation
"after tea 1, salt 2 and tea 3, two reads are to give tea 3 and salt 2, as (key, value); they \
give ('tea', 1) and ('salt', 2)"
"""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from pubsub_lib.lab.costs.timers import count_timers
from pubsub_lib.lab.exercises.checking import exercise, require, run_without_polling
from pubsub_lib.lab.exercises.hints import hints

TO_WAIT = "let it wait until put() tells it that there is something, by an asyncio.Event"
IDLE_S = 10.0  #: how long readers are watched while there is nothing to read

hints(
    "05.3",
    "A dictionary keeps its keys in the order in which they were first put in. What happens to the "
    "place of a key that is given a new value?",
    "To wait for something to read there is `asyncio.Event`: `put` sets it, `get` waits for it.",
    "Two readers may wait, and one value wake both. So look again after waking: `while not "
    "self.values:` clear the event, and wait for it.",
)


@exercise("05.3", "each key waits once, in its place, with its newest value")
def check_newest(newest_class: Callable[..., Any]) -> None:
    """Refuse an inbox that keeps old values, lets a key wait for ever, or does not wait itself."""
    for scene in (
        _keeps_the_newest_of_each,
        _lets_nobody_starve,
        _waits_for_something,
        _waits_again_when_all_is_read,
        _one_gives_up,
    ):
        run_without_polling(
            scene(newest_class), f"get() looks again and again, and lets no time pass; {TO_WAIT}"
        )


async def _keeps_the_newest_of_each(newest_class: Callable[..., Any]) -> None:
    inbox = newest_class()
    for key, value in (("tea", 1), ("salt", 2), ("tea", 3)):
        _put(inbox, key, value)
    story = "after tea 1, salt 2 and tea 3 there are two to read, tea 3 and salt 2"
    first, second = await _got(inbox, story), await _got(inbox, story)
    require(
        {first, second} == {("tea", 3), ("salt", 2)},
        "after tea 1, salt 2 and tea 3, two reads are to give tea 3 and salt 2, as (key, value); "
        f"they give {first!r} and {second!r}",
    )
    _put(inbox, "tea", 4)
    third = await _got(inbox, "then tea 4 is put in")
    require(third == ("tea", 4), f"then tea 4 is put in, and a third read gives {third!r}")


async def _lets_nobody_starve(newest_class: Callable[..., Any]) -> None:
    inbox = newest_class()
    _put(inbox, "tea", 0)
    _put(inbox, "salt", 0)
    for value in range(1, 4):
        _put(inbox, "tea", value)
    first = await _got(inbox, "tea and salt are waiting")
    require(
        first == ("tea", 3),
        "tea was first, and keeps its place when it gets a new value; the first read gives "
        f"{first!r}. What goes to the back with every new value is never read, if it changes often",
    )


async def _waits_for_something(newest_class: Callable[..., Any]) -> None:
    inbox = newest_class()
    readers = [asyncio.create_task(inbox.get(), name=f"reader {number}") for number in (1, 2)]
    with count_timers() as timers:
        await asyncio.sleep(IDLE_S)
    require(
        not any(reader.done() for reader in readers),
        "get() is to wait while there is nothing to read",
    )
    looks = timers.count - 1
    require(
        looks == 0,
        f"in {IDLE_S:g} s without anything to read get() wakes up {looks} times to look; {TO_WAIT}",
    )
    _put(inbox, "tea", 1)
    await asyncio.sleep(1)
    _put(inbox, "salt", 2)
    done, waiting = await asyncio.wait(readers, timeout=1)
    for reader in waiting:
        reader.cancel()
    for reader in done:
        error = reader.exception()
        require(
            error is None,
            "two readers wait, and one value is put in: both wake up, and one of them finds "
            f"nothing, and raises {type(error).__name__}; look again after waking, in a `while`",
        )
    read = {reader.result() for reader in done}
    require(
        read == {("tea", 1), ("salt", 2)},
        "two readers wait, tea 1 and a second later salt 2 are put in, and the readers get "
        f"{_listed(sorted(read))}",
    )


async def _waits_again_when_all_is_read(newest_class: Callable[..., Any]) -> None:
    inbox = newest_class()
    for value in range(1, 4):
        _put(inbox, "tea", value)
    await _got(inbox, "tea 1, tea 2 and tea 3 are put in")
    reader = asyncio.create_task(inbox.get(), name="reader")
    await asyncio.wait([reader], timeout=IDLE_S)
    story = "tea 1, tea 2 and tea 3 are put in, and one read takes them all; the next read"
    if reader.done():
        error = reader.exception()
        problem = f"raises {type(error).__name__}" if error else f"gives {reader.result()!r}"
        require(
            False, f"{story} {problem}, and is to wait: a key waits once, however often it is put"
        )
    _put(inbox, "tea", 4)
    await asyncio.wait([reader], timeout=1)
    require(
        reader.done() and not reader.exception() and reader.result() == ("tea", 4),
        f"{story} waits, and is not given tea 4 when that is put in",
    )


async def _one_gives_up(newest_class: Callable[..., Any]) -> None:
    inbox = newest_class()
    impatient = asyncio.create_task(inbox.get(), name="impatient reader")
    await asyncio.sleep(1)
    impatient.cancel()
    await asyncio.wait([impatient])
    _put(inbox, "tea", 1)
    reader = asyncio.create_task(inbox.get(), name="reader")
    await asyncio.wait([reader], timeout=1)
    require(
        reader.done() and not reader.exception() and reader.result() == ("tea", 1),
        "a reader gives up waiting, tea 1 is put in, and the next read does not get it: it was "
        "kept for one who is not there any more",
    )


async def _got(inbox: Any, story: str) -> Any:
    """Return what is read, or say what was there to be read."""
    try:
        return await inbox.get()
    except NotImplementedError:  # not attempted yet
        raise
    except (LookupError, RuntimeError) as error:
        require(False, f"{story}, and get() raises {type(error).__name__}")


def _put(inbox: Any, key: str, value: int) -> None:
    returned = inbox.put(key, value)
    if inspect.iscoroutine(returned):
        returned.close()
        require(False, "put() is a plain function, `def` without `async`: there is always room")


def _listed(items: list[Any]) -> str:
    return ", ".join(map(repr, items)) or "nothing"
