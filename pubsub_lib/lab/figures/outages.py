"""Figures of notebook 11 about a server that is away: how old is what arrives.

>>> kept = [(1.0, 0.1), (4.0, 3.0), (5.0, 0.1)]
>>> age_after_outage([(1.0, 0.0)], kept, outage=(1.0, 4.0), missed=3).caption
'Away for 3 s. Over core NATS 3 never arrive; kept, the oldest is 3 s old when it is handled.'
"""

from collections.abc import Sequence

from matplotlib.ticker import MaxNLocator

from pubsub_lib.lab.figures.captions import plain
from pubsub_lib.lab.figures.nothing import NothingToDraw, or_nothing
from pubsub_lib.lab.figures.style import (
    COLOURS,
    DROP,
    LINES,
    WAITING,
    Plot,
    axes_from_zero,
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
