"""Figures of notebook 11 about servers that are away: how old is what arrives, how long it takes.

>>> kept = [(1.0, 0.1), (4.0, 3.0), (5.0, 0.1)]
>>> age_after_outage([(1.0, 0.0)], kept, outage=(1.0, 4.0), missed=3).caption
'Away for 3 s. Over core NATS 3 never arrive; kept, the oldest is 3 s old when it is handled.'
"""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pubsub_lib.lab.figures.captions import milliseconds, plain
from pubsub_lib.lab.figures.named import require_by_name
from pubsub_lib.lab.figures.nothing import NothingToDraw, or_nothing
from pubsub_lib.lab.figures.style import (
    COLOURS,
    DROP,
    EDGE,
    LINES,
    NEUTRAL,
    PUBLISHES,
    WAITING,
    Plot,
    axes_from_zero,
    course_style,
    legend_below,
    panels_for,
)
from pubsub_lib.lab.traffic.readers import Pace

type Ages = Sequence[tuple[float, float]]
"""When each message was handled, and how old it was then, both in seconds."""


@or_nothing
def age_after_outage(
    core: Ages,
    kept: Ages,
    *,
    outage: tuple[float, float],
    missed: int,
    heading: str = "",
) -> Plot:
    """Draw how old each message is when it is handled, before, during and after an outage.

    Args:
        core: what arrives over a server that keeps nothing.
        kept: what arrives where it is kept until the server is back.
        outage: from when to when there was no server, in seconds.
        missed: how many messages never arrive where nothing is kept.
        heading: what stands above.
    """
    if not core or not kept:
        raise NothingToDraw("nothing was handled")
    away_s = outage[1] - outage[0]
    with panels_for({heading: None}, x="time (s)", y="age when handled (s)") as (figure, (axes,)):
        if away_s:
            axes.axvspan(*outage, **WAITING, zorder=0, label="server away")
        looks = (
            (core, f"core NATS: {missed:,} never arrive", {"color": DROP, "linewidth": 5}),
            (
                kept,
                "kept until it is handled",
                {"color": COLOURS[Pace.FAST], "linestyle": LINES[Pace.FAST]},
            ),
        )
        for ages, label, look in looks:
            for is_later, name in ((False, label), (True, None)):  # in between nothing is handled
                part = [one for one in ages if (one[0] >= outage[1]) is is_later]
                axes.plot(*zip(*part, strict=True), **look, label=name, solid_capstyle="butt")
        axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
        axes_from_zero([axes])
        legend_below(figure, [axes])
    oldest_s = max(age_s for _, age_s in kept)
    return Plot(
        figure,
        f"Away for {plain(away_s)} s. Over core NATS {missed:,} never arrive; kept, the oldest is "
        f"{plain(oldest_s)} s old when it is handled.",
    )


@or_nothing
def restarts(away: Mapping[str, tuple[float, float]], publishes: Ages) -> Plot:
    """Draw which server was there when, and below it how long each publish took.

    Args:
        away: from when to when each server was away, in seconds, by its name.
        publishes: when each publish began, and how long it took, in seconds.

    Raises:
        TypeError: if it is not given servers by name.
    """
    require_by_name("restarts", "servers", away)
    if not away or not publishes:
        raise NothingToDraw("there are no servers, or nothing was published")
    end_s = max([end_s for _, end_s in away.values()] + [at_s for at_s, _ in publishes])
    with course_style():
        figure = Figure(figsize=(8, 1.2 + 0.45 * len(away) + 2.2))
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=[0.45 * len(away), 2])
        for row, (from_s, to_s) in enumerate(away.values()):
            for left, right in ((0.0, from_s), (to_s, end_s)):
                above.barh(row, right - left, 0.6, left, facecolor=NEUTRAL, edgecolor=EDGE)
            above.barh(row, to_s - from_s, 0.6, from_s, **WAITING)
        above.set_yticks(range(len(away)), list(away))
        above.set_ylim(len(away) - 0.5, -0.5)
        above.tick_params(axis="y", length=0)
        above.set_title("there, or (hatched) away and catching up", loc="left")
        below.plot(
            [at_s for at_s, _ in publishes], [took_s * 1e3 for _, took_s in publishes], **PUBLISHES
        )
        below.set_yscale("log")
        below.set_title("how long each publish took (ms)", loc="left")
        below.set_xlabel("time (s)")
        below.set_xlim(0, end_s * 1.02)
        below.yaxis.set_major_formatter("{x:,g}")
    longest_s = max(took_s for _, took_s in publishes)
    return Plot(
        figure,
        f"{len(publishes):,} orders while {len(away)} servers are restarted in turn: each is "
        f"stored, the slowest after {milliseconds(longest_s * 1e3)}.",
    )
