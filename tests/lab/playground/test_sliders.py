"""A figure with sliders, without a browser: a slider is set, and figure and caption follow."""

import pytest
from matplotlib.figure import Figure

from pubsub_lib.lab.figures.style import Plot
from pubsub_lib.lab.playground import sliders as module
from pubsub_lib.lab.playground.sliders import FigureWithSliders, Range

PNG = b"\x89PNG"
WIDGET = "application/vnd.jupyter.widget-view+json"


def draw(values):
    figure = Figure(figsize=(1, 1))
    figure.text(0, 0, str(values["bound"]))
    return Plot(figure, f"Room for < {values['bound']}.")


@pytest.fixture
def shown() -> FigureWithSliders:
    return FigureWithSliders({"bound": Range(1, 200, "messages", at=50, step=5)}, draw)


def test_a_slider_that_is_moved_changes_the_figure_and_its_caption(shown):
    picture = shown.picture
    shown.controls["bound"].value = 60
    assert shown.caption == "Room for < 60."
    assert shown.picture.startswith(PNG)
    assert shown.picture != picture


def test_the_caption_is_announced_as_text_and_not_as_markup(shown):
    assert 'role="status"' in shown._text.value
    assert "Room for &lt; 50." in shown._text.value


def test_a_slider_has_its_range_and_moves_by_its_step(shown):
    bound = shown.controls["bound"]
    assert (bound.min, bound.max, bound.step, bound.value) == (1, 200, 5, 50)
    assert not bound.continuous_update


def test_it_is_a_widget_and_a_picture_with_its_caption_where_there_are_no_widgets(
    shown, monkeypatch
):
    displayed = []
    monkeypatch.setattr(module, "display", lambda bundle, **options: displayed.append(bundle))
    shown._ipython_display_()
    first, naming = displayed
    assert WIDGET in first
    assert first["image/png"] == shown.picture
    assert first["text/plain"] == shown.caption
    assert "aria-label" in naming["text/html"]
