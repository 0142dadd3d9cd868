"""Sliders for a subscriber that is busy: how much of the time, how evenly, and measured how long?

>>> shown = open_busy_subscriber()
>>> shown.caption.partition(", ")[0]
'At a utilisation of 80 % a message takes 50 ms on average'
>>> shown.controls["variability"].value = 0
>>> shown.caption.partition(", ")[0]
'At a utilisation of 80 % a message takes 30 ms on average'
"""

import random
from collections.abc import Mapping
from statistics import mean

from pubsub_lib.lab.figures.captions import milliseconds
from pubsub_lib.lab.figures.estimates import spread
from pubsub_lib.lab.figures.style import Plot
from pubsub_lib.lab.playground.sliders import FigureWithSliders, Range
from pubsub_lib.lab.traffic.loads import random_arrivals
from pubsub_lib.lab.traffic.queueing import expected_mean_s, responses_s

SERVICE_TIME_S = 0.01
RUNS = 20


def open_busy_subscriber() -> FigureWithSliders:
    """Return what several runs report of a busy subscriber, and the sliders that change it."""
    return FigureWithSliders(
        {
            "utilisation": Range(10, 95, "%", at=80, step=5),
            "variability": Range(0, 200, "% of the service time", at=100, step=25),
            "run length": Range(100, 4_000, "messages", at=1_000, step=100),
        },
        _draw,
    )


def _draw(values: Mapping[str, int]) -> Plot:
    utilisation, variability = values["utilisation"] / 100, values["variability"] / 100
    messages = values["run length"]
    found_ms = sorted(
        _mean_s(utilisation, variability, messages, seed) * 1_000 for seed in range(RUNS)
    )
    truth_ms = 1_000 * expected_mean_s(
        utilisation, service_time_s=SERVICE_TIME_S, variability=variability
    )
    return spread(
        {f"{RUNS} runs": found_ms}, quantity="mean latency", unit="ms", truth=truth_ms
    ).with_caption(
        f"At a utilisation of {utilisation:.0%} a message takes {milliseconds(truth_ms)} on "
        f"average, if service times vary by {variability:.0%}. {RUNS} runs of {messages:,} "
        f"messages report {milliseconds(found_ms[0])} to {milliseconds(found_ms[-1])}.".replace(
            "%", " %"
        )
    )


def _mean_s(utilisation: float, variability: float, messages: int, seed: int) -> float:
    """Return how long a message takes on average in one run."""
    arrivals = random_arrivals(
        messages=messages, rate_hz=utilisation / SERVICE_TIME_S, seed=2 * seed
    )
    source = random.Random(2 * seed + 1)
    shape = 1 / variability**2 if variability else 0.0
    service_times_s = [
        source.gammavariate(shape, SERVICE_TIME_S / shape) if shape else SERVICE_TIME_S
        for _ in range(messages)
    ]
    return mean(responses_s(arrivals.intended_s, service_times_s))
