"""Sliders for an outage: how long is the server away, and how busy is the desk?

>>> shown = open_outage()
>>> shown.caption
'Over core NATS 20 prices never arrive, and none is late. Kept, all arrive: the oldest 9.75 s \
late, and the desk is up to date 9.75 s after the server is back.'
>>> shown.controls["away"].value = 20
>>> shown.caption
'Over core NATS 40 prices never arrive, and none is late. Kept, all arrive: the oldest 19.8 s \
late, and the desk is up to date 19.8 s after the server is back.'
"""

from collections.abc import Mapping

from pubsub_lib.lab.figures.outages import age_after_outage
from pubsub_lib.lab.figures.style import Plot
from pubsub_lib.lab.playground.outage import Outage
from pubsub_lib.lab.playground.sliders import FigureWithSliders, Range


def open_outage() -> FigureWithSliders:
    """Return a figure of how old prices are when they are handled, and its sliders."""
    return FigureWithSliders(
        {
            "away": Range(1, 60, "s", at=10),
            "busy": Range(10, 90, "% of its time", at=50, step=5),
        },
        _draw,
    )


def _draw(values: Mapping[str, int]) -> Plot:
    outage = Outage(away_s=values["away"], busy=values["busy"] / 100)
    seen = outage.run()
    plot = age_after_outage(
        seen.core,
        seen.kept,
        outage=seen.outage,
        missed=seen.missed,
        heading=outage.settings(),
    )
    return plot.with_caption(outage.findings(seen))
