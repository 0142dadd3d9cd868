"""What waits to be read in a queue, looked at without taking anything out of it.

>>> import asyncio
>>> queue = asyncio.Queue()
>>> queue.put_nowait("first")
>>> queue.put_nowait("second")
>>> unread(queue)
['first', 'second']
>>> queue.qsize()
2
"""

import asyncio
import copy
from functools import singledispatch
from typing import Any

from pubsub_lib.in_process.cursor import Cursor, RingSubscription
from pubsub_lib.in_process.inbox import Inbox, InboxState
from pubsub_lib.lab.replay.words import WIDEST_NAME, cut


@singledispatch
def unread(queue: Any) -> list[Any]:
    """Return the messages that wait in a queue, the oldest first.

    Raises:
        TypeError: if it is nothing whose contents are known.
    """
    raise TypeError(f"nobody knows how to look into {queue!r} without reading it")


def can_be_watched(queue: object) -> bool:
    """Return whether `unread` can look into it."""
    return unread.dispatch(type(queue)) is not unread.dispatch(object)


@unread.register
def _(queue: asyncio.Queue) -> list[Any]:  # type: ignore[type-arg]
    contents = queue._queue  # type: ignore[attr-defined]  # there is no public way
    return list(contents)


@unread.register
def _(inbox: Inbox) -> list[Any]:  # type: ignore[type-arg]
    state: InboxState[Any] = inbox._state
    return [*copy.copy(state.in_hand), *state.messages]


@unread.register
def _(subscription: RingSubscription) -> list[Any]:  # type: ignore[type-arg]
    cursor = subscription._state
    assert isinstance(cursor, Cursor)
    return cursor.log[cursor.position :]


def name_of(queue: object) -> str:
    """Return the name that somebody gave a queue, as text; "" if it has none."""
    try:
        return cut(str(getattr(queue, "name", "") or ""), WIDEST_NAME)
    except (Exception, SystemExit):  # a learner's own queue may do anything when it is asked
        return ""


def compare(
    before: list[tuple[Any, int]], now: list[Any]
) -> tuple[list[tuple[Any, int]], list[tuple[Any, int]], list[Any]]:
    """Return what is gone from a queue, what stayed and what is new in it.

    Args:
        before: what was in it, as pairs of a message and its number.
        now: the messages that are in it.
    """
    for gone in range(len(before)):
        stayed = before[gone:]
        if len(stayed) <= len(now) and all(
            old is new for (old, _), new in zip(stayed, now, strict=False)
        ):
            new = now[len(stayed) :]
            if not any(item is old for item in new for old, _ in before[:gone]):
                return before[:gone], stayed, new
    # Not in the order of arrival, as in a priority queue.
    present = {id(item) for item in now}
    known = {id(item) for item, _ in before}
    return (
        [entry for entry in before if id(entry[0]) not in present],
        [entry for entry in before if id(entry[0]) in present],
        [item for item in now if id(item) not in known],
    )


def is_held(owner: Any, queue: Any) -> bool:
    """Return whether an object holds a queue in a list, a set or a dictionary of its own."""
    for value in getattr(owner, "__dict__", {}).values():
        members = [*value.keys(), *value.values()] if isinstance(value, dict) else value
        if isinstance(members, list | tuple | set) and any(one is queue for one in members):
            return True
    return False
