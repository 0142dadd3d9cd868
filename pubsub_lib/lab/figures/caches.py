"""The figures of notebook 10: what a cache answers over time, and how much of it is stale.

Like those in `figures`, they return a `Plot` with a caption that is computed from the data.

>>> reads = pd.DataFrame(
...     {"asked_s": [0.1, 0.2, 0.3], "answered_s": [0.1, 0.2, 0.35], "answer": [1, 1, 2]}
... ).assign(stored=[1, 2, 2], stale=[False, True, False])
>>> answers({"the cache": reads}, value="price").caption
'the cache: 1 of 3 answers is stale, the last after 0.2 s.'
>>> stale_share({"update": {0.0: 0.0, 0.05: 0.5}}).caption
'update: 0 % of the reads are stale at a delay of 0 ms, 50 % at 50 ms.'
"""

import math
from collections.abc import Mapping, Sequence
from itertools import chain, cycle, repeat

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from pubsub_lib.lab.figures.captions import milliseconds, plain
from pubsub_lib.lab.figures.named import require_by_name
from pubsub_lib.lab.figures.nothing import NothingToDraw, or_nothing
from pubsub_lib.lab.figures.style import (
    COLOURS,
    DROP,
    MARKERS,
    PUBLISHER,
    SERIES,
    WAITING,
    Plot,
    axes_from_zero,
    legend_below,
    panels_for,
)
from pubsub_lib.lab.traffic.readers import Pace


@or_nothing
def answers(
    reads: Mapping[str, pd.DataFrame],
    *,
    value: str,
    stored: Sequence[tuple[float, float]] = (),
) -> Plot:
    """Draw what each cache answered over time, beside what the store held, and mark what is stale.

    A read that had to wait for its answer is a bar, from when it was asked to the answer.

    Args:
        reads: a table for each cache, as `read_on_schedule` returns it; a panel for each.
        value: what is read, with its unit.
        stored: from when on, in seconds, the store held which value. If it is not given it is taken
            from the answers, which will do if there are many.

    Raises:
        TypeError: if it is not given tables by name.
    """
    require_by_name("answers", "tables of reads", reads)
    if not reads or any(table.empty for table in reads.values()):
        raise NothingToDraw("nothing was read")
    with panels_for(reads, x="time (s)", y=value) as (figure, panels):
        for axes, table in zip(panels, reads.values(), strict=True):
            _draw_reads(axes, table, stored)
            axes.set_xlim(left=0)
            axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
            axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], integer=True))
            axes.yaxis.set_major_formatter("{x:,g}")
        legend_below(figure, panels)
    return Plot(figure, " ".join(f"{_about_answers(name, reads[name])}." for name in reads))


def _draw_reads(axes: Axes, table: pd.DataFrame, stored: Sequence[tuple[float, float]]) -> None:
    """Draw what was in the store, and each read: how long it waited, and what it was answered."""
    table = table.sort_values("answered_s", kind="stable")
    waiting = table[table["answered_s"] - table["asked_s"] > 1e-9]
    if not waiting.empty:
        axes.hlines(
            waiting["answer"],
            waiting["asked_s"],
            waiting["answered_s"],
            color=WAITING["edgecolor"],
            linewidth=6,
            zorder=1,
            label="asked, waiting",
        )
    end_s = table["answered_s"].iloc[-1]
    times_s = [time_s for time_s, _ in stored] or list(table["answered_s"])
    held = [one for _, one in stored] or list(table["stored"])
    axes.step(
        [*times_s, end_s],
        [*held, held[-1]],
        where="post",
        color=PUBLISHER,
        linewidth=1.5,
        label="in the store",
    )
    fresh, stale = table[~table["stale"]], table[table["stale"]]
    for part, colour, marker, label in (
        (fresh, COLOURS[Pace.FAST], MARKERS[Pace.FAST], "answered, fresh"),
        (stale, DROP, "x", "answered, stale"),
    ):
        if part.empty:
            continue
        axes.plot(
            part["answered_s"],
            part["answer"],
            linestyle="none",
            color=colour,
            marker=marker,
            markersize=4 if len(table) > 60 else 7,
            label=label,
        )


@or_nothing
def stale_share(shares: Mapping[str, Mapping[float, float]]) -> Plot:
    """Draw the share of reads that are stale against the delay of the messages, a line each.

    Args:
        shares: for each name, the share (0 to 1) by the delay in seconds.

    Raises:
        ValueError: if a share is not from 0 to 1, or a delay is negative
            or not finite.
        TypeError: if it is not given shares by name.
    """
    require_by_name("stale_share", "shares by delay", shares)
    points = [point for line in shares.values() for point in line.items()]
    if not all(shares.values()) or not points:
        raise NothingToDraw("there are no shares")
    if not all(0 <= delay_s < math.inf and 0 <= share <= 1 for delay_s, share in points):
        raise ValueError("a share is from 0 to 1, and a delay is 0 s or more, and finite")
    x, y = "from a write to its message (ms)", "stale reads (%)"
    with panels_for({"": None}, x=x, y=y) as (figure, (axes,)):
        widths = chain([5.0], repeat(2.0))  # a second line on top of the first does not hide it
        for width, (name, line), look in zip(widths, shares.items(), cycle(SERIES)):
            delays_s = sorted(line)
            axes.plot(
                [delay_s * 1e3 for delay_s in delays_s],
                [line[delay_s] * 100 for delay_s in delays_s],
                label=name,
                **look | {"linewidth": width},
            )
        axes_from_zero([axes])
        axes.legend()
    return Plot(figure, " ".join(f"{_about_shares(name, line)}." for name, line in shares.items()))


def _about_answers(name: str, table: pd.DataFrame) -> str:
    stale = table[table["stale"]]
    if stale.empty:
        return f"{name}: none of {len(table):,} answers is stale"
    last_s = stale["answered_s"].max()
    count = f"{len(stale):,} of {len(table):,} answers {'is' if len(stale) == 1 else 'are'} stale"
    return f"{name}: {count}, the last after {plain(last_s)} s"


def _about_shares(name: str, line: Mapping[float, float]) -> str:
    least, most = min(line), max(line)
    return (
        f"{name}: {plain(line[least] * 100)} % of the reads are stale at a delay of "
        f"{milliseconds(least * 1e3)}, {plain(line[most] * 100)} % at {milliseconds(most * 1e3)}"
    )
