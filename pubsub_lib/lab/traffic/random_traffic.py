"""Traffic that comes at random, as from many senders who know nothing of each other (notebook 08).

The times between two messages are exponentially distributed: a message is as likely to come in this
millisecond as in any other, whenever the last one came. The same seed gives the same traffic, on
every machine. Two things that have nothing to do with each other need different seeds.

>>> [round(time_s, 3) for time_s in random_times(count=3, mean_s=0.01, seed=8)]
[0.003, 0.033, 0.001]
>>> random_arrivals(messages=1000, rate_hz=100, seed=8).messages
1000
"""

import random
from itertools import accumulate

from pubsub_lib.lab.traffic.workloads import Load


def random_times(*, count: int, mean_s: float, seed: int) -> list[float]:
    """Return so many times in seconds that are exponentially distributed about their mean.

    Raises:
        ValueError: if the count is under 1, or the mean is not positive.
    """
    if count < 1 or not mean_s > 0:
        raise ValueError("random times need a count of at least 1 and a positive mean")
    source = random.Random(seed)
    return [source.expovariate(1 / mean_s) for _ in range(count)]


def random_arrivals(*, messages: int, rate_hz: float, seed: int) -> Load:
    """Send at random times, at so many messages per second on average: open-loop load.

    Raises:
        ValueError: if there is no message, or the rate is not positive.
    """
    if not rate_hz > 0:
        raise ValueError(f"rate_hz must be a positive number, not {rate_hz}")
    gaps_s = random_times(count=messages, mean_s=1 / rate_hz, seed=seed)
    return Load(messages, list(accumulate(gaps_s)))
