"""How old is what arrives, before, during and after an outage."""

from pubsub_lib.lab.figures.outages import age_after_outage

CORE = [(1.0, 0.0), (2.0, 0.0), (6.0, 0.0)]
KEPT = [(1.0, 0.5), (2.0, 0.5), (6.0, 3.0), (7.0, 0.5)]


def drawn():
    return age_after_outage(CORE, KEPT, outage=(2.5, 5.5), missed=3, heading="a heading")


def test_no_line_crosses_the_outage():
    (axes,) = drawn().figure.axes
    lines = [list(line.get_xdata()) for line in axes.get_lines()]
    assert lines == [[1.0, 2.0], [6.0], [1.0, 2.0], [6.0, 7.0]]


def test_each_line_is_explained_once():
    (axes,) = drawn().figure.axes
    _, labels = axes.get_legend_handles_labels()
    assert labels == ["server away", "core NATS: 3 never arrive", "kept until it is handled"]


def test_the_caption_is_computed():
    assert drawn().caption == (
        "Away for 3 s. Over core NATS 3 never arrive; kept, the oldest is 3 s old when it is "
        "handled."
    )


def test_where_nothing_was_handled_the_figure_says_so():
    assert "nothing was handled" in age_after_outage([], [], outage=(0, 1), missed=0).caption
