"""Lets a figure of nothing be an empty one that says so.

A learner who changes an experiment may leave nothing to draw, and that is a result, too.

>>> @or_nothing
... def line(values: list[float]) -> Plot:
...     raise NothingToDraw("nobody received anything")
>>> line([]).caption
'There is nothing to draw: nobody received anything.'
"""

from collections.abc import Callable
from functools import wraps

from matplotlib.figure import Figure

from pubsub_lib.lab.figures.style import BOUND, Plot, course_style


class NothingToDraw(Exception):
    """Raised within a figure that has nothing to draw; its text says why."""


def or_nothing[**P](draw: Callable[P, Plot]) -> Callable[P, Plot]:
    """Let a function that draws return an empty figure where it raises `NothingToDraw`."""

    @wraps(draw)
    def drawn_or_said(*args: P.args, **kwargs: P.kwargs) -> Plot:
        try:
            return draw(*args, **kwargs)
        except NothingToDraw as why:
            return nothing_drawn(f"There is nothing to draw: {why}.")

    return drawn_or_said


def nothing_drawn(caption: str) -> Plot:
    """Return a figure with no panel."""
    with course_style():
        figure = Figure(figsize=(8, 0.8))
        figure.text(0.5, 0.5, "nothing to draw", ha="center", va="center", color=BOUND)
    return Plot(figure, caption)
