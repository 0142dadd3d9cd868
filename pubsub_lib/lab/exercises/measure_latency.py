"""The checks of notebook 08: a percentile, a benchmark, and what a closed loop left out.

>>> from pubsub_lib.lab.exercises import examine
>>> def the_fullest_bucket(counts, share):
...     return max(counts, key=counts.get)
>>> examine("08.1", the_fullest_bucket).explanation.partition(";")[0]
'of 1,000 messages 900 took up to 1 ms, 90 up to 10 ms and 10 up to 100 ms: p99 is 10 ms, not 1'
"""

import asyncio
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from pubsub_lib.lab.costs.timers import count_timers
from pubsub_lib.lab.exercises.checking import (
    AN_HOUR_S,
    exercise,
    require,
    run_without_polling,
)
from pubsub_lib.lab.exercises.hints import hints
from pubsub_lib.lab.figures.captions import quantile

INFINITY = math.inf

hints(
    "08.1",
    "Go through the buckets in the order of their bounds, and add up the counts.",
    "The percentile lies in the first bucket at which the sum reaches share times the "
    "total; a bucket with nobody in it cannot be that.",
    "0.07 * 100 is a little more than 7, and 7 / 100 is 0.07. So divide the sum by the total, and "
    "compare that with the share.",
)
hints(
    "08.2",
    "What changes is what is subtracted. The film's #7 has the `number` 6: when was it due?",
    "The time at which it was due is computed already, to know how long to sleep: give it a name.",
)
hints(
    "08.3",
    "For one latency of 10 and an interval of 4: 10, 6 and 2; each is an interval less.",
    "`range(latency, 0, -every_ms)` counts down, and stops before 0.",
)


@exercise("08.1", "the percentile lies in the bucket that you name, whatever the buckets are")
def check_percentile(percentile: Callable[..., Any]) -> None:
    """Refuse an answer that names the wrong bucket, or trusts in the order of the buckets."""
    counts = {1: 900, 10: 90, 100: 10}
    told = "of 1,000 messages 900 took up to 1 ms, 90 up to 10 ms and 10 up to 100 ms"
    for share, bound, why in (
        (0.99, 10, "count from the fastest on, until you have 990 of them"),
        (0.991, 100, "the 991st message is in the last bucket"),
        (0.9, 1, "the 900th message is the last one of the first bucket"),
        (0.5, 1, "half of them took up to 1 ms"),
        (1.0, 100, "the share of 1.0 is all of them, with the slowest"),
        (0.0, 1, "the share of 0 is the fastest of them"),
    ):
        result = percentile(dict(counts), share)
        require(
            result == bound,
            f"{told}: {_percentile_name(share)} is {bound} ms, not {result}; {why}",
        )
    result = percentile({10: 90, 100: 10, 1: 900}, 0.99)
    require(
        result == 10,
        f"the same buckets in another order, and p99 is {result}; sort them by their bounds",
    )
    result = percentile({1: 0, 10: 5, 100: 0}, 0.99)
    require(
        result == 10,
        f"all messages are in the bucket up to 10 ms, and p99 is {result}; a bucket may be empty",
    )
    result = percentile({1: 90, 10: 5, INFINITY: 5}, 0.99)
    require(
        result == INFINITY,
        f"the 99th of 100 messages is in the bucket without a bound, and p99 is {result}; it may "
        "be anything above 10 ms, so say infinity",
    )
    for nothing in ({}, {1: 0, 10: 0}):
        _refuses_an_empty_histogram(percentile, nothing)
    for few, share, bound, why in (
        ({1: 2, 10: 3}, 0.5, 10, "half of five is two and a half, and two are not yet half"),
        ({1: 108, 10: 2}, 0.99, 10, "99 % of 110 is 108.9, and 108 are not yet so many"),
        ({1: 1_997, 10: 2}, 0.999, 10, "99.9 % of 1,999 is 1,997.001, which 1,997 are not yet"),
        ({1: 99_998, 10: 2}, 0.99999, 10, "99.999 % of 100,000 is 99,999, and one is missing"),
        ({1: 7, 10: 93}, 0.07, 1, "0.07 * 100 is a little more than 7; divide: 7 / 100 is 0.07"),
    ):
        result = percentile(dict(few), share)
        require(
            result == bound,
            f"with {few}, {_percentile_name(share)} is {bound} ms, not {result}; {why}",
        )
    result = percentile({1: 0, 10: 5}, 0.0)
    require(
        result == 10,
        f"the fastest message is in the bucket up to 10 ms, and p0 is {result}; no percentile lies "
        "in an empty bucket",
    )


def _percentile_name(share: float) -> str:
    return f"p{share * 100:g}"


def _refuses_an_empty_histogram(percentile: Callable[..., Any], counts: dict[int, int]) -> None:
    try:
        result = percentile(counts, 0.99)
    except ValueError:
        return
    require(
        False,
        f"there is not one message in {counts}, and its p99 is {result}; raise a ValueError",
    )


@exercise("08.2", "its report is what users get, however late the benchmark itself is")
def check_benchmark(new_benchmark: Callable[[], Any]) -> None:
    """Refuse a benchmark whose report or whose schedule is not that of its users."""
    for service_times_s, told in (
        ({}, "each message is handled at once"),
        ({2: 0.0005}, "message 2 takes half a millisecond"),
        ({3: 0.01}, "message 3 takes 10 ms"),
        ({0: 0.004, 5: 0.004}, "messages 0 and 5 take 4 ms each"),
        (dict.fromkeys(range(8), 0.003), "each message takes 3 ms"),
        ({4: AN_HOUR_S}, "message 4 takes an hour"),
    ):
        for messages in (8, 5):
            run_without_polling(_try_benchmark(new_benchmark, messages, service_times_s, told))


async def _try_benchmark(
    new_benchmark: Callable[[], Any], messages: int, service_times_s: dict[int, float], told: str
) -> None:
    """Let it send some messages, long after its loop has started."""
    await asyncio.sleep(7)
    loop = asyncio.get_running_loop()
    start_s = loop.time()
    sent_ms: list[float] = []
    under_way = 0

    def now_ms() -> float:
        return round((loop.time() - start_s) * 1_000, 3)

    async def send(number: int) -> None:
        nonlocal under_way
        require(number == len(sent_ms), f"send message {len(sent_ms)} next, and not {number}")
        require(not under_way, "one message is sent while another one is; wait for each answer")
        sent_ms.append(now_ms())
        under_way += 1
        await asyncio.sleep(service_times_s.get(number, 0.0))
        under_way -= 1

    with count_timers() as timers:
        report = _numbers(await new_benchmark().run(send, messages))
    free_ms, due_ms, expected_ms = 0.0, [], []
    for number in range(messages):
        due_ms.append(max(free_ms, float(number)))
        free_ms = due_ms[-1] + service_times_s.get(number, 0.0) * 1_000
        expected_ms.append(round(free_ms - number, 3))
    require(
        len(sent_ms) == messages,
        f"{told}: of {messages} messages {len(sent_ms)} are sent; leave none out",
    )
    require(
        sent_ms == [round(ms, 3) for ms in due_ms],
        f"{told}: they are sent after {_listed(sent_ms)} ms, not {_listed(due_ms)}; each is sent "
        "when it is due, or as soon as the one before has been answered",
    )
    require(
        timers.count <= messages + len(service_times_s),  # a sleep until each, and those of `send`
        "until a message is due it looks at the clock again and again; `asyncio.sleep()` waits "
        "until then",
    )
    require(
        [round(ms, 3) for ms in report] == expected_ms,
        f"{told}: since they were due they have taken {_listed(expected_ms)} ms, and your report "
        f"says {_listed(report)}",
    )


def _listed(numbers_ms: Iterable[float]) -> str:
    return ", ".join(f"{ms:g}" for ms in numbers_ms)


@exercise("08.3", "what the closed loop left out is back, and its p99 is within 1 ms of the truth")
def check_fill_in(fill_in: Callable[..., Any]) -> None:
    """Refuse an answer that adds the wrong messages, loses some, or changes what it was given."""
    for recorded, every_ms, expected, why in (
        ([5], 1, [1, 2, 3, 4, 5], "a message was due after each of the first four milliseconds"),
        ([10], 4, [2, 6, 10], "those due 4 and 8 ms later wait for 6 and 2 ms"),
        ([8], 4, [4, 8], "the one that is due as the answer comes does not wait"),
        ([4], 4, [4], "the next message was due just as the answer came"),
        ([7, 1, 5], 2, [1, 1, 1, 3, 3, 5, 5, 7], "each message that took long held others up"),
        ([1, 9, 2], 3, [1, 2, 3, 6, 9], "keep those that waited for less than the interval"),
        ([0, 0], 1, [0, 0], "a message that takes no time is a message, too"),
    ):
        given = list(recorded)
        filled = _numbers(fill_in(given, every_ms))
        require(
            given == recorded,
            f"you have changed the recording that you were given, {recorded}; return a new list",
        )
        require(
            sorted(filled) == expected,
            f"recorded {recorded}, one message every {every_ms} ms: with what was left out that is "
            f"{expected}, not {sorted(filled)}; {why}",
        )
    closed_loop = [0] * 8_999 + [1_000]
    filled = _numbers(fill_in(list(closed_loop), 1))
    p99_ms = quantile(np.array(filled, dtype=np.float64), 0.99)
    require(
        len(filled) == 9_999 and p99_ms == 901,
        f"the closed loop above has 9,000 latencies, one of them 1,000 ms; filled in there are "
        f"9,999 with a p99 of 901 ms, and you have {len(filled):,} with {p99_ms:g} ms",
    )


def _numbers(filled: Any) -> list[float]:
    require(
        isinstance(filled, Iterable) and not isinstance(filled, str),
        f"return a list of latencies, not {filled!r}",
    )
    return list(filled)
