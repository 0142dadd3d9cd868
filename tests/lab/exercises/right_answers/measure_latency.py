"""Other right answers to the exercises of notebook 08, which its checks are not to refuse."""

import asyncio
import math
from fractions import Fraction
from itertools import accumulate


def counts_exactly(counts, share):
    total = sum(counts.values())
    if not total:
        raise ValueError("nobody was counted")
    wanted = math.ceil(Fraction(str(share)) * total)
    bounds = sorted(bound for bound in counts if counts[bound])
    sums = accumulate(counts[bound] for bound in bounds)
    return next(bound for bound, counted in zip(bounds, sums, strict=True) if counted >= wanted)


def writes_every_message_out(counts, share):
    messages = sorted(bound for bound, number in counts.items() for _ in range(number))
    if not messages:
        raise ValueError("no messages")
    return messages[max(math.ceil(round(share * len(messages), 9)) - 1, 0)]


def divides_by_the_total(counts, share):
    total = sum(counts.values())
    for bound in sorted(counts):
        counted = sum(counts[lower] for lower in counts if lower <= bound)
        if counts[bound] and counted / total >= share:
            return bound
    raise ValueError


class SleepsUntilItIsDue:
    async def run(self, send, messages):
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        took_ms = []
        for _ in range(messages):
            if due_s > loop.time():
                await asyncio.sleep(due_s - loop.time())
            await send(len(took_ms))
            took_ms.append(1_000 * (loop.time() - due_s))
            due_s += 0.001
        return took_ms


class NotesTheAnswers:
    async def run(self, send, messages):
        loop = asyncio.get_running_loop()
        start_s, answered_s = loop.time(), []
        for number in range(messages):
            await asyncio.sleep(max(0, start_s + number / 1_000 - loop.time()))
            await send(number)
            answered_s.append(loop.time())
        return [(at_s - start_s - number / 1_000) * 1_000 for number, at_s in enumerate(answered_s)]


def counts_each_down(latencies_ms, every_ms):
    filled = []
    for latency_ms in latencies_ms:
        filled.append(latency_ms)
        while (latency_ms := latency_ms - every_ms) > 0:
            filled.append(latency_ms)
    return filled


def by_the_remainder(latencies_ms, every_ms):
    recorded = list(latencies_ms)
    left_out = [
        waited
        for latency_ms in recorded
        for waited in range(latency_ms % every_ms or every_ms, latency_ms, every_ms)
    ]
    return tuple(recorded + left_out)


def goes_over_the_list_twice(latencies_ms, every_ms):
    left_out = [
        waited for latency in latencies_ms for waited in range(latency - every_ms, 0, -every_ms)
    ]
    return latencies_ms + left_out


RIGHT_ANSWERS = [
    ("08.3", goes_over_the_list_twice),
    ("08.1", counts_exactly),
    ("08.1", writes_every_message_out),
    ("08.1", divides_by_the_total),
    ("08.2", SleepsUntilItIsDue),
    ("08.2", NotesTheAnswers),
    ("08.3", counts_each_down),
    ("08.3", by_the_remainder),
]
