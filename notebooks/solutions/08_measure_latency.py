"""Solutions to the exercises of notebook 08."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping


# Exercise 08.1: count from the fastest bucket on, until enough of the messages are counted.
def percentile(counts: Mapping[float, int], share: float) -> float:
    total = sum(counts.values())
    counted = 0
    for bound_ms, messages in sorted(counts.items()):
        counted += messages
        if messages and counted / total >= share:  # 7 / 100 is 0.07; 0.07 * 100 is more than 7
            return bound_ms
    raise ValueError("a histogram without messages has no percentiles")


# Exercise 08.2: the clock is started when the message is due, whenever it is sent.
class MendedBenchmark:
    async def run(self, send: Callable[[int], Awaitable[None]], messages: int) -> list[float]:
        loop, took_ms = asyncio.get_running_loop(), []
        start_s = loop.time()
        for number in range(messages):
            due_s = start_s + number / 1_000
            await asyncio.sleep(due_s - loop.time())
            await send(number)
            took_ms.append((loop.time() - due_s) * 1_000)
        return took_ms


# Exercise 08.3: whoever was due while one message waited would have waited for what was left of it.
def fill_in(latencies_ms: list[int], every_ms: int) -> list[int]:
    filled: list[int] = []
    for latency_ms in latencies_ms:
        filled.append(latency_ms)
        filled.extend(range(latency_ms - every_ms, 0, -every_ms))
    return filled


ANSWERS = {"08.1": percentile, "08.2": MendedBenchmark, "08.3": fill_in}
