"""Solutions to the exercises of notebook 08."""

from collections.abc import Iterable, Mapping


# Exercise 08.1: count from the fastest bucket on, until enough of the messages are counted.
def percentile(counts: Mapping[float, int], share: float) -> float:
    wanted = share * sum(counts.values())
    counted = 0
    for bound_ms, messages in sorted(counts.items()):
        counted += messages
        if messages and counted >= wanted:
            return bound_ms
    raise ValueError("a histogram without messages has no percentiles")


# Exercise 08.2: whoever was due while one message waited would have waited for what was left of it.
def fill_in(latencies_ms: Iterable[int], every_ms: int) -> list[int]:
    filled: list[int] = []
    for latency_ms in latencies_ms:
        filled.append(latency_ms)
        filled.extend(range(latency_ms - every_ms, 0, -every_ms))
    return filled


ANSWERS = {"08.1": percentile, "08.2": fill_in}
