"""When messages are sent: on schedule, in bursts, at random, or as soon as the last one is through.

Open loop means that messages are sent on schedule, whether or not the last one got through, as the
world outside does. Closed loop means that the next message waits for the last one.

Traffic at random is that of many senders who know nothing of each other: the times between two
messages are exponentially distributed, so a message is as likely to come in this millisecond as in
any other, whenever the last one came. The same seed gives the same traffic, on every machine. Two
things that have nothing to do with each other need different seeds.

>>> bursts(messages=4, size=2, every_s=0.5).intended_s
[0.0, 0.0, 0.5, 0.5]
>>> [round(time_s, 3) for time_s in random_times(count=3, mean_s=0.01, seed=8)]
[0.003, 0.033, 0.001]
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from pubsub_lib.arguments import checked_positive, checked_whole_number


@dataclass(frozen=True, slots=True)
class Load:
    """When messages are meant to be sent. Made by `open_loop`, `closed_loop` and others here.

    Attributes:
        messages: how many messages are sent.
        intended_s: for each message, the seconds after the start; empty for closed loop.
    """

    messages: int
    intended_s: Sequence[float] = ()

    def due_s(self, number: int, *, now_s: float) -> float:
        """Return when a message is meant to be sent, in seconds; in a closed loop that is now."""
        return self.intended_s[number] if self.intended_s else now_s


def open_loop(*, messages: int, rate_hz: float) -> Load:
    """Send at a steady rate, in messages per second, whatever becomes of the messages before."""
    _check_count("messages", messages)
    checked_positive("rate_hz", rate_hz, unit="messages per second")
    return Load(messages, [number / rate_hz for number in range(messages)])


def closed_loop(*, messages: int) -> Load:
    """Send the next message as soon as the last one has been published."""
    _check_count("messages", messages)
    return Load(messages)


def bursts(*, messages: int, size: int, every_s: float) -> Load:
    """Send `size` messages at once, and the next ones `every_s` seconds later."""
    _check_count("messages", messages)
    _check_count("size", size)
    checked_positive("every_s", every_s, unit="seconds")
    return Load(messages, [number // size * every_s for number in range(messages)])


def random_arrivals(*, messages: int, rate_hz: float, seed: int) -> Load:
    """Send at random times, at so many messages per second on average: open-loop load."""
    _check_count("messages", messages)
    checked_positive("rate_hz", rate_hz, unit="messages per second")
    gaps_s = random_times(count=messages, mean_s=1 / rate_hz, seed=seed)
    return Load(messages, list(accumulate(gaps_s)))


def random_times(*, count: int, mean_s: float, seed: int) -> list[float]:
    """Return so many times in seconds that are exponentially distributed about their mean.

    They do for the gaps between messages, and for what each of them costs a subscriber.
    """
    checked_whole_number("count", count, unit="times", least=1)
    checked_positive("mean_s", mean_s, unit="seconds")
    source = random.Random(seed)
    return [source.expovariate(1 / mean_s) for _ in range(count)]


def require_load(load: Load) -> None:
    """Refuse what is no load.

    Raises:
        TypeError: if it is none.
    """
    if not isinstance(load, Load):
        raise TypeError(f"a load is made by open_loop(), closed_loop() or bursts(), not {load!r}")


def _check_count(name: str, messages: int) -> None:
    checked_whole_number(name, messages, unit="messages", least=1)
