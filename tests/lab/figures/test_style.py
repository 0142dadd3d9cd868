"""The visual language: what keeps its look, and how a plot shows itself."""

import re
from pathlib import Path

import matplotlib as mpl
import pytest
from IPython.display import Markdown

from pubsub_lib.lab.figures import style
from pubsub_lib.lab.figures.style import (
    COLOURS,
    LINES,
    MARKERS,
    Plot,
    axes_from_zero,
    line_of,
    panels_for,
)
from pubsub_lib.lab.traffic.readers import Pace, Reader


def drawing(height: int = 2) -> Plot:
    with panels_for({"one": 1}, x="time (s)", y="messages") as (figure, (axes,)):
        axes.plot([1, height])
    return Plot(figure, "A line rises.")


@pytest.mark.parametrize("looks", [COLOURS, LINES, MARKERS], ids=["colour", "line", "marker"])
def test_every_pace_has_a_look_of_its_own(looks):
    assert set(looks) == set(Pace)
    assert len(set(looks.values())) == len(Pace)


def test_lines_of_no_subscriber_differ_in_more_than_colour():
    for look in ("color", "marker", "linestyle"):
        assert len({series[look] for series in style.SERIES}) == len(style.SERIES)


def test_only_waiting_is_not_filled():
    assert style.WAITING["facecolor"] == "#FFFFFF"
    assert all(area["facecolor"] != "#FFFFFF" for area in style.AREAS)


def test_areas_differ_in_more_than_colour():
    hatches = [area.get("hatch") for area in (style.WAITING, *style.AREAS)]
    assert len(set(hatches)) == len(hatches)


@pytest.mark.parametrize("pace", Pace)
def test_a_reader_has_the_line_of_its_pace(pace):
    look = {"color": COLOURS[pace], "linestyle": LINES[pace]}
    assert line_of(Reader("ada", pace, 0.0)) == look


# A plot.


def test_a_plot_can_be_given_another_caption():
    plot = drawing()
    other = plot.with_caption("It rises by 1.")
    assert (other.figure, other.caption) == (plot.figure, "It rises by 1.")
    assert plot.caption == "A line rises."


def test_a_plot_is_saved_as_a_png_that_names_no_software():
    png = drawing().png()
    assert png.startswith(b"\x89PNG")
    assert b"Matplotlib" not in png


def test_numbers_along_an_axis_are_written_as_in_the_text():
    with panels_for({"one": 1}, x="time (s)", y="messages") as (figure, (axes,)):
        axes.plot([1, 2_000], [1, 12_000])
    Plot(figure, "").png()
    labels = [one.get_text() for axis in (axes.xaxis, axes.yaxis) for one in axis.get_ticklabels()]
    assert {"1,000", "10,000"} <= set(labels)
    assert not any(re.search(r"\d{4}", label) for label in labels)


def test_other_data_make_another_picture():
    assert drawing(2).png() == drawing(2).png() != drawing(3).png()


def test_the_users_own_settings_of_matplotlib_change_no_picture():
    plain = drawing().png()
    with mpl.rc_context({"font.size": 20, "savefig.dpi": 50, "axes.grid": True}):
        assert drawing().png() == plain
    with mpl.style.context("dark_background"):
        assert drawing().png() == plain


def test_a_plot_shows_its_picture_with_the_caption_as_its_text_and_below_it(monkeypatch):
    shown = []
    monkeypatch.setattr(style, "display", lambda data, **options: shown.append((data, options)))
    plot = drawing()
    plot._ipython_display_()
    (picture, options), (below, _) = shown
    assert picture == {"image/png": plot.png(), "text/plain": "A line rises."}
    assert options == {"metadata": {"image/png": {"alt": "A line rises."}}, "raw": True}
    assert isinstance(below, Markdown)
    assert below.data == "*A line rises.*"


# Panels.


def test_there_is_a_panel_for_each_name_and_only_the_first_names_the_shared_axis():
    with panels_for({"one": 1, "two": 2}, x="time (s)", y="messages") as (figure, panels):
        assert figure.axes == panels
    assert [axes.get_title(loc="left") for axes in panels] == ["one", "two"]
    assert [axes.get_xlabel() for axes in panels] == ["time (s)", "time (s)"]
    assert [axes.get_ylabel() for axes in panels] == ["messages", ""]


def test_the_style_ends_with_the_block():
    before = dict(mpl.rcParams)
    with panels_for({"": None}, x="", y=""):
        assert dict(mpl.rcParams) != before
    assert dict(mpl.rcParams) == before


def test_axes_begin_at_0_and_leave_room_above():
    with panels_for({"": None}, x="", y="") as (_, (axes,)):
        axes.plot([1, 2], [10, 20])
        axes_from_zero([axes])
    assert axes.get_xlim() == (0, pytest.approx(2.1))
    assert axes.get_ylim() == (0, pytest.approx(23))


def test_axes_on_which_all_is_0_still_have_a_length():
    with panels_for({"": None}, x="", y="") as (_, (axes,)):
        axes.plot([0, 0], [0, 0])
        axes_from_zero([axes])
    assert axes.get_xlim() == axes.get_ylim() == (0, 1)


COURSE = Path(__file__).parents[3]
HEX_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}\b")
NAMED_COLOUR = re.compile(r"""colou?r\w*["']?\s*[=:]\s*["'](?!none)[a-z]+["']""")


def test_a_colour_is_said_in_one_place():
    """Every figure names what it draws; which colour that has, `style` says, once for each."""
    elsewhere = [
        f"{path.relative_to(COURSE)}: {found}"
        for path in sorted((COURSE / "pubsub_lib").rglob("*.py"))
        if path != Path(style.__file__)
        for pattern in (HEX_COLOUR, NAMED_COLOUR)
        for found in pattern.findall(path.read_text(encoding="utf-8"))
    ]
    assert elsewhere == []
    in_style = HEX_COLOUR.findall(
        Path(style.__file__).read_text(encoding="utf-8").partition("import io")[2]
    )
    assert sorted(in_style) == sorted(set(in_style))
    assert len(in_style) > 10
