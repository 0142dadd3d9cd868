"""Measure what a redraw of the playground costs, for cheap and for dear settings.

    python tests/benchmarks/playground.py

A redraw is to take less than 300 ms from the moment a slider is let go. Most of it is the drawing,
so it is given as processor time, and as a multiple of what three empty panels take to draw.
"""

import io
import time
from collections.abc import Callable

from matplotlib.figure import Figure

from pubsub_lib import Overflow
from pubsub_lib.lab.figures.overload import at_a_glance
from pubsub_lib.lab.playground.overload import Overload

ROUNDS = 7
SETTINGS = {
    "only a fast subscriber": Overload(slow=0),
    "the settings at the start": Overload(),
    "as dear as they can be set": Overload(
        200, service_time_ms=1, bound=200, overflow=Overflow.DROP_OLDEST, slow=5, dead=3
    ),
}


def draw_empty_panels() -> None:
    figure = Figure(figsize=(10, 3.5), dpi=110)
    figure.subplots(1, 3)
    figure.savefig(io.BytesIO(), format="png")


def redraw(overload: Overload) -> None:
    recording = overload.run()
    caption = overload.findings(recording)
    at_a_glance(recording, due=overload.messages, caption=caption).png()


def main() -> None:
    works: dict[str, Callable[[], None]] = {"three empty panels": draw_empty_panels}
    works |= {name: lambda one=one: redraw(one) for name, one in SETTINGS.items()}
    least_s = dict.fromkeys(works, float("inf"))
    for _ in range(ROUNDS):  # interleaved; whatever else the machine does can only add to it
        for name, work in works.items():
            start = time.thread_time()
            work()
            least_s[name] = min(least_s[name], time.thread_time() - start)
    for name, cost_s in least_s.items():
        ratio = cost_s / least_s["three empty panels"]
        print(f"{name:26} {cost_s * 1e3:4.0f} ms of processor time, {ratio:.1f} times")


if __name__ == "__main__":
    main()
