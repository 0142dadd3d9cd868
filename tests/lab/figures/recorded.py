"""Runs, latencies, and heartbeats of the loop, for the figures' tests to draw."""

import pandas as pd

from pubsub_lib import AsyncPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.traffic.loads import open_loop
from pubsub_lib.lab.traffic.readers import Pace, Reader, dead_reader, fast_reader, slow_reader
from pubsub_lib.lab.traffic.recordings import Recording
from pubsub_lib.lab.traffic.workloads import run_workload

LATENCIES_MS = [1.0] * 90 + [10.0] * 9 + [100.0]
PACES = {pace.value: pace for pace in Pace}


def expected_ms(utilisation: float) -> float:
    """The mean that the formula of a queue gives for a service time of 10 ms."""
    return 10 / (1 - utilisation)


def run(messages: int, *readers: Reader, bound: int = 3) -> Recording:
    load = open_loop(messages=messages, rate_hz=100)
    return run_virtual(run_workload(AsyncPubSub(maxsize=bound, timeout=0.05), load, readers))


def three_readers() -> Recording:
    return run(8, fast_reader(), slow_reader(service_time_s=0.025), dead_reader())


def two_readers() -> Recording:
    return run(4, fast_reader(), dead_reader(), bound=2)


def with_latencies_ms(**latencies_ms: list[float]) -> Recording:
    """A run in which each pace's reader takes the messages after so many milliseconds each."""
    recording = Recording([Reader(name, PACES[name], 0.0) for name in latencies_ms], bound=0)
    for number in range(max(map(len, latencies_ms.values()))):
        recording.sent(number, float(number), float(number))
        recording.published(number, float(number))
    for name, values in latencies_ms.items():
        for number, value in enumerate(values):
            recording.received(number, name, number + value / 1e3)
    return recording


def lags(*rows: tuple[float, float]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["time_s", "lag_s"])
