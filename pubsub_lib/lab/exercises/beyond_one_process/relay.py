"""Exercise 11.4: the relay of an outbox.

>>> from pubsub_lib.lab.exercises import examine
>>> async def removes_first(outbox, broker):
...     for number, change in outbox.waiting():
...         outbox.remove(number)
...         await broker.publish(change, message_id=f"change {number}")
>>> print(examine("11.4", removes_first).explanation.partition(";")[0])
killed before the server has change 1: change 1 is neither with the server nor in the outbox
"""

import asyncio
from collections.abc import Iterable

from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.exercises.beyond_one_process.trouble import Trouble, listed
from pubsub_lib.lab.exercises.checking import exercise, require
from pubsub_lib.lab.exercises.hints import hints
from pubsub_lib.lab.processes.servers import why_stop
from pubsub_lib.lab.real_runs.commands import relayed_with
from pubsub_lib.lab.real_runs.serving import Relay

hints(
    "11.4",
    "First publish, then remove: who dies in between does it again, and the server has it already.",
    "The server knows a change again by its message_id, if the next relay gives the same one.",
    "The number in the outbox is the same for every relay; make the id of it.",
)


@exercise("11.4", "whoever dies, each change is published, and the server has it once")
def check_relay(relay: Relay) -> None:
    """Refuse a relay that loses a change, or publishes one that cannot be recognised."""
    for place in range(1, 5):
        for trouble in Trouble:
            run_virtual(_relays(relay, trouble, place))
        run_virtual(_relays(relay, Trouble.RAISES, place, is_stored=False))
    run_virtual(_tells_equal_changes_apart(relay))
    if reason := why_stop():
        require(False, f"on the virtual clock all is right, but there is no server: {reason}")
    changes = relayed_with(relay)
    require(
        changes == sorted(set(changes)) and len(changes) == 5,
        f"on a real server: changes 1 to 5 waited, a relay and the server were killed, and the "
        f"server has {listed(changes)}",
    )


class _Outbox:
    """The changes that wait, by number."""

    def __init__(self, numbers: Iterable[int], changes: Iterable[str]) -> None:
        self._waiting = dict(zip(numbers, changes, strict=True))

    def waiting(self) -> list[tuple[int, str]]:
        return list(self._waiting.items())

    def remove(self, number: int) -> None:
        require(number in self._waiting, f"remove({number!r}): there is no such number waiting")
        del self._waiting[number]


class _Server:
    """Stores what is published, and knows ids again; at one change there is trouble."""

    def __init__(self, trouble: Trouble | None, at: str, *, is_stored: bool = True) -> None:
        self.stored: list[str] = []
        self.in_trouble = asyncio.Event()
        self._ids: set[str] = set()
        self._trouble = trouble
        self._at = at
        self._has_none_of_it = trouble is Trouble.KILLED_BEFORE or not is_stored

    async def publish(self, change: str, *, message_id: str = "") -> None:
        await asyncio.sleep(0.01)
        trouble = self._trouble if change == self._at else None
        if trouble is not None:
            self._trouble = None
        is_gone = trouble is not None and self._has_none_of_it
        if not is_gone and not (message_id and message_id in self._ids):
            self.stored.append(change)
            self._ids.add(message_id)
        if trouble is Trouble.RAISES:
            self.in_trouble.set()
            raise TimeoutError("the server has not confirmed it")
        if trouble is not None:
            self.in_trouble.set()
            await asyncio.Event().wait()


async def _go_on(relay: Relay, outbox: _Outbox, server: _Server) -> None:
    try:
        async with asyncio.timeout(60):
            await relay(outbox, server)
    except TimeoutError:
        require(
            bool(outbox.waiting()),
            "the outbox is empty, and the relay goes on for a minute; it is to return, and is "
            "called again when something waits",
        )
        raise


async def _tells_equal_changes_apart(relay: Relay) -> None:
    outbox, server = _Outbox([7, 8], ["gold 1,900", "gold 1,900"]), _Server(None, "")
    await _go_on(relay, outbox, server)
    require(
        len(server.stored) == 2,
        "changes 7 and 8 say the same, gold 1,900, and both were made: the server has "
        f"{len(server.stored)} of them. The id has to be that of the change, and not what it says",
    )


async def _relays(relay: Relay, trouble: Trouble, place: int, *, is_stored: bool = True) -> None:
    """Let a relay have its trouble, and another one go on; then look at what the server has."""
    numbers = range(1, 5)
    changes = [f"change {number}" for number in numbers]
    outbox = _Outbox(numbers, changes)
    server = _Server(trouble, f"change {place}", is_stored=is_stored)
    first = asyncio.ensure_future(_go_on(relay, outbox, server))
    in_trouble = asyncio.create_task(server.in_trouble.wait(), name="what kills the relay")
    await asyncio.wait([first, in_trouble], return_when=asyncio.FIRST_COMPLETED)
    await asyncio.sleep(1)
    left = outbox.waiting()
    for task in (first, in_trouble):
        task.cancel()
    await asyncio.wait([first, in_trouble])
    error = None if first.cancelled() else first.exception()
    if error is not None and not isinstance(error, TimeoutError):
        raise error
    # As it was when the process died.
    outbox = _Outbox([number for number, _ in left], [change for _, change in left])
    await _go_on(relay, outbox, server)
    what = {
        Trouble.KILLED_BEFORE: f"killed before the server has change {place}",
        Trouble.KILLED_AFTER: f"killed when the server has change {place}, and has not said so",
        Trouble.RAISES: f"no confirmation comes for change {place}"
        + ("" if is_stored else ", which the server does not have"),
    }[trouble]
    missing = [change for change in changes if change not in server.stored]
    require(
        not missing,
        f"{what}: {', '.join(missing)} is neither with the server nor in the outbox; what has to "
        "come first, publish() or remove()? And does each change have an id of its own?",
    )
    require(
        sorted(server.stored) != changes or server.stored == changes,
        f"{what}: the server has {', '.join(server.stored)}, and not in their order",
    )
    require(
        server.stored == changes,
        f"{what}: the server has {', '.join(server.stored)}; by what could it know again what it "
        "has already?",
    )
    require(not outbox.waiting(), "all is published, and the outbox is not empty")
