"""The checks of notebook 05: settings for four kinds of data, gaps that are told, and the newest.

>>> from pubsub_lib import Overflow
>>> from pubsub_lib.lab.exercises import examine
>>> def the_same_for_all(data):
...     return {"maxsize": 1, "timeout": 0, "overflow": Overflow.DROP_OLDEST}
>>> examine("05.1", the_same_for_all).explanation
'orders: 4 bursts of 30, 20 ms for each order: 112 of 120 orders are lost'
"""

import asyncio
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from pubsub_lib.in_process.queue_broker import AsyncPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.costs.timers import count_timers
from pubsub_lib.lab.exercises.checking import exercise, require, run_without_polling
from pubsub_lib.lab.exercises.hints import hints
from pubsub_lib.lab.traffic.loads import Load, bursts, closed_loop, open_loop
from pubsub_lib.lab.traffic.readers import Reader, dead_reader, fast_reader, slow_reader
from pubsub_lib.lab.traffic.recordings import Recording
from pubsub_lib.lab.traffic.workloads import run_workload

type SettingsFor = Callable[[str], Mapping[str, Any]]
MOST_WAITING = 100
SETTINGS = ("maxsize", "timeout", "overflow")
TO_WAIT = "let it wait until put() tells it that there is something, by an asyncio.Event"
IDLE_S = 10.0  #: how long readers are watched while there is nothing to read
TWENTY_MS = slow_reader(service_time_s=0.02)
FOR_4_S = open_loop(messages=400, rate_hz=100)

hints(
    "05.1",
    "Ask for each kind of data: may the publisher wait? If not, the time-out is 0. Then: which "
    "message is worth least, the newest, the oldest, or none of them?",
    "Prices: the oldest is worth nothing. Which bound keeps what is read younger than 0.05 s, when "
    "new prices push the others on, and when they do not any more?",
    "Orders: within a second the warehouse handles a whole burst, so to wait a little is enough; "
    "and RAISE tells whoever takes in orders. View: the time-out lies between what the slow one "
    "needs and 0.2 s.",
)
hints(
    "05.2",
    "`self.queue.full()` tells whether there is room, and `put_nowait` puts without waiting. The "
    "log needs a number of its own: how many lines are missing since the last that got in.",
    "At each line, look first whether something is missing and there is room: then the number goes "
    "in, and counting begins anew. Then look again whether there is room for the line.",
)
hints(
    "05.3",
    "A dictionary keeps its keys in the order in which they were first put in. What happens to the "
    "place of a key that is given a new value?",
    "To wait for something to read there is `asyncio.Event`: `put` sets it, `get` waits for it.",
    "Two readers may wait, and one value wake both. So look again after waking: `while not "
    "self.values:` clear the event, and wait for it.",
)


@exercise("05.1", "prices are fresh, orders safe, log lines begin at the beginning, the view lives")
def check_settings(settings_for: SettingsFor) -> None:
    """Refuse settings that do not keep what was promised for each kind of data."""
    for check in (_check_prices, _check_orders, _check_log_lines, _check_view):
        check(settings_for)


def _check_prices(settings_for: SettingsFor) -> None:
    recording = _run(settings_for, "prices", FOR_4_S, TWENTY_MS)
    _nobody_waits("prices", recording)
    prices = recording.deliveries()
    oldest_s = prices["latency_s"].max()
    require(
        oldest_s <= 0.05 + 1e-9,
        f"prices: a price is up to {oldest_s:.3g} s old when it is read{_when_oldest(prices)}; "
        "0.05 s is the limit",
    )
    require(
        prices["number"].iloc[-1] == FOR_4_S.messages - 1,
        "prices: the last price, which is the one that stays valid, was never read",
    )


def _when_oldest(prices: Any) -> str:
    oldest = prices.loc[prices["latency_s"].idxmax()]
    if oldest["received_s"] < FOR_4_S.intended_s[-1]:
        return ""
    return ", after the market has closed: no new price pushes it on any more"


def _check_orders(settings_for: SettingsFor) -> None:
    four_bursts = bursts(messages=120, size=30, every_s=1.0)
    lost = int(_run(settings_for, "orders", four_bursts, TWENTY_MS).drops()["dropped"].sum())
    require(
        lost == 0,
        f"orders: 4 bursts of 30, 20 ms for each order: {lost} of 120 orders are lost",
    )
    stopped = closed_loop(messages=MOST_WAITING + 1)
    require(
        bool(_run(settings_for, "orders", stopped, dead_reader(), until_s=10.0).refusals),
        "orders: the warehouse has stopped reading, and after 10 s no publish has raised "
        "PubSubFull: whoever takes in orders is not told",
    )


def _check_log_lines(settings_for: SettingsFor) -> None:
    two_bursts = bursts(messages=400, size=200, every_s=10.0)
    recording = _run(settings_for, "log lines", two_bursts, TWENTY_MS)
    _nobody_waits("log lines", recording)
    require(
        not recording.refusals,
        "log lines: to write one raises PubSubFull, so the program ends because its log is full",
    )
    lines = recording.deliveries()["number"]
    for which, begin in (("first", 0), ("second", 200)):
        read = lines.between(begin, begin + 49).sum()
        require(
            read == 50,
            f"log lines: of the first 50 lines of the {which} burst of 200, which say how it "
            f"began, {read} are read",
        )


def _check_view(settings_for: SettingsFor) -> None:
    recording = _run(settings_for, "live view", FOR_4_S, fast_reader(), TWENTY_MS, dead_reader())
    require(
        "dead" in recording.disconnections,
        "live view: a client hangs, and stays connected for ever",
    )
    require(
        "slow" not in recording.disconnections,
        "live view: a client that takes 20 ms for a message is disconnected; it is only slow",
    )
    longest_s = recording.publishes()["duration_s"].max()
    require(
        longest_s <= 0.2 + 1e-9,
        f"live view: a publish takes {longest_s:.3g} s; 0.2 s is the limit",
    )


def _run(
    settings_for: SettingsFor,
    data: str,
    load: Load,
    *readers: Reader,
    until_s: float | None = None,
) -> Recording:
    try:
        settings = settings_for(data)
    except KeyError:
        require(False, f"{data}: settings_for({data!r}) finds no settings, and raises KeyError")
    require(
        isinstance(settings, Mapping),
        f"{data}: return a dictionary, such as {{'maxsize': 10}}, not {settings!r}",
    )
    unknown = ", ".join(repr(name) for name in settings if name not in SETTINGS)
    require(not unknown, f"{data}: {unknown} is no setting; there are {', '.join(SETTINGS)}")
    broker = AsyncPubSub[Any](**settings)
    require(
        broker.maxsize <= MOST_WAITING,
        f"{data}: an inbox of {broker.maxsize} is too large; there is memory for {MOST_WAITING}",
    )
    if broker.timeout is None:
        until_s = until_s or 60.0  # or a dead reader would be waited for for ever
    return run_virtual(run_workload(broker, load, readers, until_s=until_s))


def _nobody_waits(data: str, recording: Recording) -> None:
    longest_s = recording.publishes()["duration_s"].max()
    require(
        longest_s == 0,
        f"{data}: a publish takes up to {longest_s:.3g} s; this publisher cannot wait",
    )


@exercise("05.2", "nobody waits, and wherever something is missing the reader is told how much")
def check_gap_log(log_class: Callable[..., Any]) -> None:
    """Refuse a log that waits, raises, or does not tell of a gap at its place."""
    run_virtual(_tells_of_gaps(log_class))
    run_virtual(_asks_the_queue_for_room(log_class))


async def _asks_the_queue_for_room(log_class: Callable[..., Any]) -> None:
    queue = asyncio.Queue[str | int](maxsize=5)
    log = log_class(queue)
    for line in "abcdefg":
        _written(log, line)
    _taken(queue, 3)
    _written(log, "h")
    _waiting_is(queue, ["d", "e", 2, "h"], "in a queue of 5, f and g were lost; then h found room")


async def _tells_of_gaps(log_class: Callable[..., Any]) -> None:
    queue = asyncio.Queue[str | int](maxsize=3)
    log = log_class(queue)
    for line in "abcde":
        _written(log, line)
    require(
        _taken(queue, 2) == ["a", "b"],
        "in a queue of 3, after a, b, c, d and e, the first two that are read are to be a and b",
    )
    _written(log, "f")
    _waiting_is(
        queue, ["c", 2, "f"], "d and e were lost; then there was room for two, and f was written"
    )
    _taken(queue, 3)
    _written(log, "g")
    _waiting_is(queue, ["g"], "the gap was told, nothing is missing since, and g was written")
    for line in "hij":
        _written(log, line)
    _taken(queue, 1)
    _written(log, "k")
    _waiting_is(
        queue,
        ["h", "i", 1],
        "j was lost; then there was room for one, and k was written: in a queue that is never less "
        "than nearly full, this is the only way in which the reader will ever be told",
    )
    _taken(queue, 3)
    _written(log, "l")
    _waiting_is(queue, [1, "l"], "k was lost, there was room again, and l was written")


def _written(log: Any, line: str) -> None:
    try:
        returned = log.write(line)
    except asyncio.QueueFull:
        require(
            False, "write() raises QueueFull; count the line, and tell of it when there is room"
        )
    if inspect.iscoroutine(returned):
        returned.close()
        require(False, "write() is a plain function, `def` without `async`: it never waits")


def _waiting_is(queue: asyncio.Queue[str | int], expected: list[str | int], story: str) -> None:
    waiting = _taken(queue, queue.qsize())
    require(
        waiting == expected,
        f"{story}; waiting are {_listed(waiting)}, and there should be {_listed(expected)}",
    )
    for item in expected:
        queue.put_nowait(item)


def _taken(queue: asyncio.Queue[str | int], count: int) -> list[str | int]:
    return [queue.get_nowait() for _ in range(min(count, queue.qsize()))]


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
