"""Plausible wrong answers to the exercises of notebook 08, and what the check says to each."""

import asyncio
import math


def the_fullest_bucket(counts, share):
    return max(counts, key=counts.get)


def one_message_too_far(counts, share):
    counted = 0
    for bound, messages in sorted(counts.items()):
        counted += messages
        if counted > share * sum(counts.values()):
            return bound
    return max(counts)


def from_the_slowest_on(counts, share):
    counted = 0
    for bound, messages in sorted(counts.items(), reverse=True):
        counted += messages
        if counted >= share * sum(counts.values()):
            return bound
    raise ValueError


def by_the_share_of_the_largest_bound(counts, share):
    return max(counts) * share


def as_the_buckets_come(counts, share):
    if not sum(counts.values()):
        raise ValueError
    counted = 0
    for bound, messages in counts.items():
        counted += messages
        if counted >= share * sum(counts.values()):
            return bound
    raise ValueError


def the_last_bound_there_is(counts, share):
    bounded = {bound: messages for bound, messages in counts.items() if bound < float("inf")}
    counted = 0
    for bound, messages in sorted(bounded.items()):
        counted += messages
        if counted >= share * sum(counts.values()):
            return bound
    return max(bounded)


def zero_for_nothing(counts, share):
    counted = 0
    for bound, messages in sorted(counts.items()):
        counted += messages
        if messages and counted >= share * sum(counts.values()):
            return bound
    return 0


def _first_with(counts, wanted):
    counted = 0
    for bound, messages in sorted(counts.items()):
        counted += messages
        if messages and counted >= wanted:
            return bound
    raise ValueError


def rounds_down(counts, share):
    return _first_with(counts, math.floor(share * sum(counts.values())))


def rounds_to_a_whole_number(counts, share):
    return _first_with(counts, round(share * sum(counts.values())))


def trusts_in_floats(counts, share):
    return _first_with(counts, share * sum(counts.values()))


def rounds_up_what_floats_say(counts, share):
    return _first_with(counts, math.ceil(share * sum(counts.values())))


def rounds_the_share(counts, share):
    counted, total = 0, sum(counts.values())
    for bound, messages in sorted(counts.items()):
        counted += messages
        if messages and round(counted / total, 4) >= share:
            return bound
    raise ValueError


def allows_for_a_hundredth_of_a_message(counts, share):
    return _first_with(counts, share * sum(counts.values()) - 0.01)


def finds_the_fastest_in_an_empty_bucket(counts, share):
    total = sum(counts.values())
    if not total:
        raise ValueError
    counted = 0
    for bound, messages in sorted(counts.items()):
        counted += messages
        if counted >= share * total * (1 - 1e-9):
            return bound
    raise ValueError


class _Benchmark:
    """As in the notebook; `began_s` says from when it counts."""

    def began_s(self, due_s, now_s):
        return now_s

    async def run(self, send, messages):
        loop, took_ms = asyncio.get_running_loop(), []
        start_s = loop.time()
        for number in range(messages):
            due_s = start_s + number / 1_000
            await asyncio.sleep(due_s - loop.time())
            began_s = self.began_s(due_s, loop.time())
            await send(number)
            took_ms.append((loop.time() - began_s) * 1_000)
        return took_ms


class CountsFromTheSending(_Benchmark):
    pass


class ForgetsWhenItStarted(_Benchmark):
    def began_s(self, due_s, now_s):
        return due_s - due_s + 0.001 * round((due_s * 1_000) % 1_000)


class ReportsSeconds(_Benchmark):
    async def run(self, send, messages):
        return [ms / 1_000 for ms in await super().run(send, messages)]

    def began_s(self, due_s, now_s):
        return due_s


class PausesAfterEachAnswer(_Benchmark):
    async def run(self, send, messages):
        loop, took_ms = asyncio.get_running_loop(), []
        for number in range(messages):
            due_s = loop.time()
            await send(number)
            took_ms.append((loop.time() - due_s) * 1_000)
            await asyncio.sleep(0.001)
        return took_ms


class SendsThemTogether(_Benchmark):
    async def run(self, send, messages):
        loop = asyncio.get_running_loop()
        start_s = loop.time()

        async def one(number):
            await asyncio.sleep(number / 1_000)
            await send(number)
            return (loop.time() - start_s) * 1_000 - number

        return await asyncio.gather(*(one(number) for number in range(messages)))


class LeavesOutWhatIsOverdue(_Benchmark):
    async def run(self, send, messages):
        loop, took_ms, number = asyncio.get_running_loop(), [], 0
        start_s = loop.time()
        while number < messages:
            due_s = start_s + number / 1_000
            await asyncio.sleep(due_s - loop.time())
            await send(number)
            took_ms.append((loop.time() - due_s) * 1_000)
            number = max(number + 1, math.ceil((loop.time() - start_s) * 1_000 - 1e-6))
        return took_ms


class WatchesTheClock(_Benchmark):
    def began_s(self, due_s, now_s):
        return due_s

    async def run(self, send, messages):
        took_ms = await super().run(send, messages)
        end_s = asyncio.get_running_loop().time() + 100
        while asyncio.get_running_loop().time() < end_s:  # noqa: ASYNC110 - the mistake
            await asyncio.sleep(0.001)
        return took_ms


class LooksUntilItIsDue(_Benchmark):
    async def run(self, send, messages):
        loop, took_ms = asyncio.get_running_loop(), []
        start_s = loop.time()
        for number in range(messages):
            due_s = start_s + number / 1_000
            while loop.time() < due_s:  # noqa: ASYNC110 - the mistake
                await asyncio.sleep(0.0001)
            await send(number)
            took_ms.append((loop.time() - due_s) * 1_000)
        return took_ms


def repeats_the_latency(latencies_ms, every_ms):
    filled = []
    for latency in latencies_ms:
        filled += [latency] * max(1, latency // every_ms)
    return filled


def adds_one_message(latencies_ms, every_ms):
    filled = []
    for latency in latencies_ms:
        filled.append(latency)
        if latency > every_ms:
            filled.append(latency - every_ms)
    return filled


def stops_at_the_interval(latencies_ms, every_ms):
    filled = []
    for latency in latencies_ms:
        filled.append(latency)
        while latency - every_ms >= every_ms:
            latency -= every_ms
            filled.append(latency)
    return filled


def goes_down_to_zero(latencies_ms, every_ms):
    filled = []
    for latency in latencies_ms:
        filled.append(latency)
        while latency >= every_ms:
            latency -= every_ms
            filled.append(latency)
    return filled


def loses_those_that_took_no_time(latencies_ms, every_ms):
    return [waited for latency in latencies_ms for waited in range(latency, 0, -every_ms)]


def leaves_out_the_recorded(latencies_ms, every_ms):
    return [
        waited for latency in latencies_ms for waited in range(latency - every_ms, 0, -every_ms)
    ]


def fills_the_given_list(latencies_ms, every_ms):
    for latency in latencies_ms:
        if latency > every_ms:
            latencies_ms.append(latency - every_ms)
    return latencies_ms


def prints_them(latencies_ms, every_ms):
    for latency in latencies_ms:
        str(range(latency, 0, -every_ms))


class SendsEight:
    async def run(self, send, messages):
        loop = asyncio.get_running_loop()
        start_s = loop.time()
        took_ms = []
        for number in range(8):
            due_s = start_s + number / 1000
            await asyncio.sleep(due_s - loop.time())
            await send(number)
            took_ms.append((loop.time() - due_s) * 1000)
        return took_ms


def fills_in_behind_the_worst(latencies_ms, every_ms):
    latencies_ms = list(latencies_ms)
    return latencies_ms + list(range(max(latencies_ms) - every_ms, 0, -every_ms))


WRONG_ANSWERS = [
    ("08.1", the_fullest_bucket, "count from the fastest on"),
    ("08.1", one_message_too_far, "p99 is 10 ms, not 100"),
    ("08.1", from_the_slowest_on, "p99 is 10 ms, not 1"),
    ("08.1", by_the_share_of_the_largest_bound, "p99 is 10 ms, not 99"),
    ("08.1", as_the_buckets_come, "sort them by their bounds"),
    ("08.1", the_last_bound_there_is, "say infinity"),
    ("08.1", zero_for_nothing, "raise a ValueError"),
    ("08.1", rounds_down, "half of five is two and a half"),
    ("08.1", rounds_to_a_whole_number, "half of five is two and a half"),
    ("08.1", trusts_in_floats, "divide"),
    ("08.1", rounds_up_what_floats_say, "a little more than 7"),
    ("08.1", rounds_the_share, "which 1,997 are not yet"),
    ("08.1", allows_for_a_hundredth_of_a_message, "which 1,997 are not yet"),
    ("08.1", finds_the_fastest_in_an_empty_bucket, "no percentile lies in an empty bucket"),
    ("08.2", CountsFromTheSending, "message 3 takes 10 ms: since they were due they have taken"),
    ("08.2", ForgetsWhenItStarted, "since they were due they have taken"),
    ("08.2", ReportsSeconds, "message 2 takes half a millisecond: since they were due"),
    ("08.2", PausesAfterEachAnswer, "message 2 takes half a millisecond: they are sent after"),
    ("08.2", SendsThemTogether, "wait for each answer"),
    ("08.2", LeavesOutWhatIsOverdue, "leave none out"),
    ("08.2", WatchesTheClock, "looks again and again"),
    ("08.2", LooksUntilItIsDue, "looks at the clock"),
    ("08.3", repeats_the_latency, "not [5, 5, 5, 5, 5]"),
    ("08.3", adds_one_message, "not [4, 5]"),
    ("08.3", stops_at_the_interval, "wait for 6 and 2 ms"),
    ("08.3", goes_down_to_zero, "not [0, 1, 2, 3, 4, 5]"),
    ("08.3", loses_those_that_took_no_time, "is a message, too"),
    ("08.3", leaves_out_the_recorded, "not [1, 2, 3, 4]"),
    ("08.3", fills_the_given_list, "return a new list"),
    ("08.3", prints_them, "return a list of latencies"),
    ("08.2", SendsEight, "of 5 messages 8 are sent"),
    ("08.3", fills_in_behind_the_worst, "held others up"),
]
