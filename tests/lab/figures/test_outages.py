"""How old is what arrives, before, during and after an outage."""

from pubsub_lib.lab.figures.outages import age_after_outage, restarts

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


AWAY = {"one": (1.0, 2.0), "two": (2.5, 4.0)}
PUBLISHES = [(0.5, 0.001), (1.5, 0.5), (5.0, 0.002)]


def test_each_server_has_a_row_and_each_publish_a_point():
    above, below = restarts(AWAY, PUBLISHES).figure.axes
    assert [label.get_text() for label in above.get_yticklabels()] == ["one", "two"]
    (line,) = below.get_lines()
    assert list(line.get_xdata()) == [0.5, 1.5, 5.0]
    assert list(line.get_ydata()) == [1.0, 500.0, 2.0]


def test_a_server_is_hatched_exactly_while_it_is_away():
    above, _ = restarts(AWAY, PUBLISHES).figure.axes
    hatched = [bar for bar in above.patches if bar.get_hatch()]
    assert [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in hatched] == list(AWAY.values())


def test_the_caption_says_how_long_the_slowest_publish_took():
    assert restarts(AWAY, PUBLISHES).caption == (
        "3 orders while 2 servers are restarted in turn: each is stored, the slowest after 500 ms."
    )
