"""How long messages wait before one subscriber, computed instead of run (notebook 08).

What `response_times` measures with a broker on the virtual clock follows from two lists of numbers:
a message begins to be handled when it has come and the one before it is done. That is quick enough
for sliders, and long runs of it show how far one run may be beside the formula.

>>> responses_s([0.0, 1.0, 1.5], [2.0, 0.5, 0.5])
[2.0, 1.5, 1.5]
>>> round(expected_response_s(0.9, service_time_s=0.01), 6)
0.1
"""

import math
from collections.abc import Sequence


def responses_s(arrivals_s: Sequence[float], service_times_s: Sequence[float]) -> list[float]:
    """Return how long each message takes, in seconds, from when it comes until it is handled.

    By the recursion of D. V. Lindley, "The theory of queues with a single server", 1952.

    Args:
        arrivals_s: when each message comes, in order.
        service_times_s: how long each takes to handle.

    Raises:
        ValueError: if there is not one service time for each message.
    """
    free_s, taken_s = 0.0, []
    for arrival_s, service_time_s in zip(arrivals_s, service_times_s, strict=True):
        free_s = max(free_s, arrival_s) + service_time_s
        taken_s.append(free_s - arrival_s)
    return taken_s


def expected_response_s(
    utilisation: float, *, service_time_s: float, share: float | None = None
) -> float:
    """Return how long a message takes in the long run, if messages and service times are random.

    Both are exponentially distributed: the queue called M/M/1 (L. Kleinrock, "Queueing Systems",
    volume 1, 1975, section 3.2). Its response times are exponentially distributed as well.

    Args:
        utilisation: the share of the time in which the subscriber is busy, at least 0, below 1.
        service_time_s: how long a message takes to handle on average, in seconds.
        share: the percentile that is wanted, such as 0.99; the mean if there is none.

    Raises:
        ValueError: if the utilisation is not at least 0 and below 1, or the share not between 0
            and 1: nothing is expected there.
    """
    if not 0 <= utilisation < 1:
        raise ValueError(
            f"a utilisation of {utilisation:g} has no mean: it is to be at least 0, and below 1"
        )
    mean_s = service_time_s / (1 - utilisation)
    if share is None:
        return mean_s
    if not 0 < share < 1:
        raise ValueError(f"a percentile is a share between 0 and 1, such as 0.99, not {share:g}")
    return -math.log(1 - share) * mean_s


def expected_mean_s(utilisation: float, *, service_time_s: float, variability: float) -> float:
    """Return how long a message takes on average in the long run, if it comes at random.

    By the formula of F. Pollaczek (1930) and A. Khinchine (1932), for service times of any kind.

    Args:
        utilisation: the share of the time in which the subscriber is busy, at least 0, below 1.
        service_time_s: how long a message takes to handle on average, in seconds.
        variability: the standard deviation of the service time, as a share of it: 0 if all take
            equally long, 1 if they are exponentially distributed.

    Raises:
        ValueError: if the utilisation is not at least 0 and below 1.
    """
    waiting_s = expected_response_s(utilisation, service_time_s=service_time_s) - service_time_s
    return service_time_s + waiting_s * (1 + variability**2) / 2
