"""Exercise 13.1: follow a board that is started again.

>>> from pubsub_lib.lab.exercises import examine
>>> async def once(connect, handle):
...     async for number, price in await connect(0):
...         handle(number, price)
>>> examine("13.1", once).explanation
'the stream ends after price 3, and it has not come back within 10 s'
"""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable

from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.exercises.checking import AN_HOUR_S, exercise, require, run_without_polling
from pubsub_lib.lab.exercises.hints import hints

type Connect = Callable[[int], Awaitable[AsyncIterator[tuple[int, float]]]]
type Follow = Callable[[Connect, Callable[[int, float], None]], Awaitable[None]]

hints(
    "13.1",
    "A loop around `try: async for number, price in await connect(last): ...`; what ends a stream "
    "is a ConnectionError, or nothing at all.",
    "Skip a number that is not higher than the last one handled.",
    "The wait doubles after each try, 8 s at most, and is 1 s again as soon as a price has come.",
)


@exercise("13.1", "each price is handled once and in order, and a board that is away is left alone")
def check_follow(follow: Follow) -> None:
    """Refuse who gives up, loses or repeats something, hammers, or cannot be cancelled."""
    run_without_polling(_waits_for_a_quiet_board(follow))
    for how in (None, ConnectionError("it was killed")):
        run_virtual(_comes_back(follow, how))
    run_virtual(_skips_what_it_has(follow))
    run_virtual(_tries_again_later_each_time(follow))
    run_virtual(_does_not_give_up(follow))
    run_virtual(_is_not_fooled_by_an_open_door(follow))
    run_virtual(_can_be_cancelled_while_it_waits(follow))


class _Board:
    """A price board that can end, and be away for a while."""

    def __init__(self) -> None:
        self.prices: list[tuple[int, float]] = []
        self.is_away = False
        self.ends_at_once = False
        self.repeats = 0
        self.tries: list[tuple[float, int]] = []
        self._streams: list[asyncio.Queue[tuple[int, float] | ConnectionError | None]] = []

    async def connect(self, after: int) -> AsyncIterator[tuple[int, float]]:
        self.tries.append((_now_s(), after))
        await asyncio.sleep(0.001)
        if self.is_away:
            raise ConnectionError("nobody is there")
        return self._stream(after)

    async def _stream(self, after: int) -> AsyncIterator[tuple[int, float]]:
        missed = [price for price in self.prices if price[0] > after]
        queue: asyncio.Queue[tuple[int, float] | ConnectionError | None] = asyncio.Queue()
        had = len(self.prices) - len(missed)
        for price in self.prices[max(had - self.repeats, 0) :]:
            queue.put_nowait(price)
        if self.ends_at_once:
            queue.put_nowait(None)
        self._streams.append(queue)
        while (price_or_end := await queue.get()) is not None:
            if isinstance(price_or_end, ConnectionError):
                raise price_or_end
            yield price_or_end

    async def publish(self, *numbers: int) -> None:
        for number in numbers:
            self.prices.append((number, number / 10))
            for stream in self._streams:
                stream.put_nowait(self.prices[-1])
            await asyncio.sleep(0.1)

    def end(self, how: ConnectionError | None) -> None:
        for stream in self._streams:
            stream.put_nowait(how)
        self._streams.clear()


@contextlib.asynccontextmanager
async def _followed(follow: Follow, board: _Board) -> AsyncIterator[list[int]]:
    """Let the answer follow a board, and then cancel it; gives the numbers that it handles."""
    handled: list[int] = []
    task = asyncio.create_task(
        _run(follow(board.connect, lambda number, price: handled.append(number))), name="follow"
    )
    await asyncio.sleep(0.1)
    try:
        yield handled
    finally:
        has_ended = task.done()
        ends_by_a_cancellation = await _ends(task, board)
        if has_ended and (error := task.exception()):
            raise error
    require(not has_ended, "it has returned; it is to follow the board until it is cancelled")
    require(ends_by_a_cancellation, "it was cancelled, and goes on; let a cancellation pass")


async def _ends(task: asyncio.Task[None], board: _Board) -> bool:
    """Cancel the answer, and return whether that has ended it."""
    task.cancel()
    await asyncio.wait([task], timeout=60)
    ends = task.done()
    board.is_away = True  # who caught it does so around the stream, rather than in its wait
    board.end(None)
    for _ in range(100):
        if task.done():
            break
        await asyncio.wait([task], timeout=1)
        task.cancel()
    return ends


async def _run(answer: Awaitable[None]) -> None:
    await answer


async def _waits_for_a_quiet_board(follow: Follow) -> None:
    board = _Board()
    async with _followed(follow, board):
        await board.publish(1)
        await asyncio.sleep(AN_HOUR_S)


async def _comes_back(follow: Follow, how: ConnectionError | None) -> None:
    board = _Board()
    ends = "breaks off with a ConnectionError" if how else "ends"
    async with _followed(follow, board) as handled:
        await board.publish(1, 2, 3)
        board.end(how)
        await board.publish(4, 5)  # while it is not connected
        await asyncio.sleep(10)
        await board.publish(6)
        told = ", ".join(map(str, handled)) or "none"
        require(
            len(board.tries) > 1,
            f"the stream {ends} after price 3, and it has not come back within 10 s",
        )
        require(
            handled == [1, 2, 3, 4, 5, 6],
            f"the stream {ends} after price 3, and 4 and 5 are published meanwhile; handled are "
            f"{told}, and not 1 to 6, each once. It has come back with {board.tries[1][1]!r}",
        )


async def _skips_what_it_has(follow: Follow) -> None:
    board = _Board()
    board.repeats = 2
    async with _followed(follow, board) as handled:
        await board.publish(1, 2)
        board.end(None)
        await asyncio.sleep(10)
        await board.publish(3)
        require(
            handled == [1, 2, 3],
            "after its restart the board sends prices 1 and 2 once more, and then 3; "
            f"handled are {', '.join(map(str, handled))}",
        )


async def _tries_again_later_each_time(follow: Follow) -> None:
    board = _Board()
    async with _followed(follow, board) as handled:
        for _ in range(2):
            number = len(board.prices) + 1
            await board.publish(number)
            before = len(board.tries)
            board.is_away = True
            board.end(ConnectionError("it is restarted"))
            ended_s = _now_s()
            await asyncio.sleep(40)
            board.is_away = False
            await asyncio.sleep(10)
            times_s = [ended_s, *(time_s for time_s, _ in board.tries[before:])]
            waits = [round(b - a) for a, b in itertools.pairwise(times_s)][:6]
            require(
                waits == [1, 2, 4, 8, 8, 8],
                "a board is away for 40 s, after it has sent a price; the waits before each try "
                f"are to be 1, 2, 4, 8, 8, 8 s and are {', '.join(map(str, waits)) or 'none'}",
            )
        require(handled == [1, 2], f"two prices were published, and handled are {handled}")


async def _does_not_give_up(follow: Follow) -> None:
    board = _Board()
    async with _followed(follow, board) as handled:
        await board.publish(1)
        board.is_away = True
        board.end(None)
        await asyncio.sleep(AN_HOUR_S)
        board.is_away = False
        await board.publish(2)
        await asyncio.sleep(10)
        require(handled == [1, 2], "a board is away for an hour, and it comes back to it no more")


async def _is_not_fooled_by_an_open_door(follow: Follow) -> None:
    board = _Board()
    async with _followed(follow, board):
        await board.publish(1)
        before = len(board.tries)
        board.ends_at_once = True
        board.end(None)
        await asyncio.sleep(60)
        times_s = [time_s for time_s, _ in board.tries[before:]]
        waits = [round(b - a) for a, b in itertools.pairwise(times_s)][:4]
        require(
            waits == [2, 4, 8, 8],
            "a board lets in whoever comes, and each stream ends before a price; the waits after "
            f"the first try are to be 2, 4, 8, 8 s and are {', '.join(map(str, waits)) or 'none'}",
        )


async def _can_be_cancelled_while_it_waits(follow: Follow) -> None:
    board = _Board()
    async with _followed(follow, board):
        await board.publish(1)
        board.is_away = True
        board.end(None)
        await asyncio.sleep(5)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
