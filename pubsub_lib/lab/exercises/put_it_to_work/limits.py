"""Exercise 13.2: a limit per visitor.

>>> from pubsub_lib.lab.exercises import examine
>>> class NoLimit:
...     def __init__(self, most): ...
...     async def serve(self, address, stream):
...         await stream()
...         return True
>>> examine("13.2", NoLimit).explanation
'at most 2 streams, and one address has 2 open: its third is let in'
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.exercises.checking import exercise, require
from pubsub_lib.lab.exercises.forgetting import WatchedNames
from pubsub_lib.lab.exercises.hints import hints

hints(
    "13.2",
    "Count the open streams of each address in a dict or a Counter.",
    "try and finally, around the stream alone: who was refused has no place to give back.",
    "At 0 the address goes out of the dict, or it would hold everybody who ever came.",
)


@exercise("13.2", "no address has more streams than it may, and each end frees a place")
def check_limit(limit_class: Callable[[int], Any]) -> None:
    """Refuse a limit that leaks places, mixes addresses, or remembers everybody."""
    run_virtual(_limits(limit_class))
    for end in ("ends", "raises", "is cancelled"):
        run_virtual(_frees(limit_class, end))
    run_virtual(_keeps_to_it_after_a_refusal(limit_class))
    run_virtual(_limits_those_who_come_at_once(limit_class))
    run_virtual(_knows_its_own_alone(limit_class))
    run_virtual(_forgets(limit_class))


async def _waits() -> None:
    await asyncio.Event().wait()


def _serve(limit: Any, address: str, stream: Callable[[], Awaitable[None]] = _waits) -> Any:
    return asyncio.create_task(_run(limit.serve(address, stream)), name=f"a stream of {address}")


@contextlib.asynccontextmanager
async def _open(limit: Any, address: str, count: int) -> AsyncIterator[list[asyncio.Task[Any]]]:
    """Open so many streams of an address, which go on until the end of the block."""
    tasks = [_serve(limit, address) for _ in range(count)]
    await asyncio.sleep(1)
    for task in tasks:
        if task.done():
            task.result()
    yield tasks
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


async def _is_let_in(limit: Any, address: str) -> bool:
    ran = False

    async def stream() -> None:
        nonlocal ran
        ran = True

    async with asyncio.timeout(60):
        answer = await limit.serve(address, stream)
    require(
        answer is ran,
        f"serve() is to return whether it has run the stream, {ran}, and returns {answer!r}",
    )
    return ran


async def _limits(limit_class: Callable[[int], Any]) -> None:
    limit = limit_class(2)
    async with _open(limit, "10.0.0.7", 2) as tasks:
        require(not any(task.done() for task in tasks), "two may be open, and it ends one of them")
        started_s = _now_s()
        try:
            is_in = await _is_let_in(limit, "10.0.0.7")
        except TimeoutError:
            is_in = False
        require(not is_in, "at most 2 streams, and one address has 2 open: its third is let in")
        require(
            _now_s() == started_s,
            "at most 2 streams, and one address has 2 open: its third waits; refuse it at once",
        )
        require(
            await _is_let_in(limit, "10.0.0.8"),
            "one address has its 2 streams, and another one is refused its first",
        )


async def _limits_those_who_come_at_once(limit_class: Callable[[int], Any]) -> None:
    async with _open(limit_class(2), "10.0.0.7", 5) as tasks:
        let_in = sum(not task.done() for task in tasks)
        require(
            let_in == 2,
            "at most 2 streams, and five of one address come in the same moment: "
            f"{let_in} are let in. Take a place in the step that finds it free",
        )


async def _knows_its_own_alone(limit_class: Callable[[int], Any]) -> None:
    async with _open(limit_class(1), "10.0.0.7", 1):
        require(
            await _is_let_in(limit_class(1), "10.0.0.7"),
            "two limits of 1, and one address: the stream at one of them is counted at the other",
        )


async def _frees(limit_class: Callable[[int], Any], end: str) -> None:
    limit = limit_class(1)
    goes_on = asyncio.Event()

    async def stream() -> None:
        await goes_on.wait()
        if end == "raises":
            raise ConnectionResetError("the visitor has gone")

    task = _serve(limit, "10.0.0.7", stream)
    await asyncio.sleep(1)
    if end == "is cancelled":
        task.cancel()
    goes_on.set()
    await asyncio.wait([task])
    passed = task.cancelled() if end == "is cancelled" else True
    if end == "raises":
        error = None if task.cancelled() else task.exception()
        passed = isinstance(error, ConnectionResetError)
    require(passed, f"a stream {end}, and whoever called serve() does not learn it")
    require(
        await _is_let_in(limit, "10.0.0.7"),
        f"a stream {end}, and its place is not free again: the address is shut out for good",
    )


async def _keeps_to_it_after_a_refusal(limit_class: Callable[[int], Any]) -> None:
    limit = limit_class(1)
    async with _open(limit, "10.0.0.7", 1):
        answers = [await _is_let_in(limit, "10.0.0.7") for _ in range(3)]
        require(
            not any(answers),
            "one stream is open, and that is the limit; a refused one gives back a place that it "
            f"never had: of three more {sum(answers)} are let in",
        )


async def _forgets(limit_class: Callable[[int], Any]) -> None:
    limit = limit_class(1)
    addresses = WatchedNames()
    for number in range(100):
        await _is_let_in(limit, addresses.new(f"10.0.1.{number}"))
    async with _open(limit, "10.0.0.7", 1):
        await _is_let_in(limit, "10.0.0.7")
    kept = addresses.still_known()
    require(
        kept == 0,
        f"100 addresses have come and gone, and it still knows {kept} of them; in a year that is "
        "everybody who ever came",
    )


async def _run(answer: Awaitable[None]) -> None:
    await answer


def _now_s() -> float:
    return asyncio.get_running_loop().time()
