"""The playground, without a browser: a control is set, and the figure and its caption follow."""

import math
from typing import Any

import pytest

from pubsub_lib import Overflow
from pubsub_lib.lab.playground import playground as module
from pubsub_lib.lab.playground.incidents import INCIDENTS
from pubsub_lib.lab.playground.overload import Overload
from pubsub_lib.lab.playground.playground import OWN_SETTINGS, Playground, open_playground

PNG = b"\x89PNG"
WIDGET = "application/vnd.jupyter.widget-view+json"
MOVES = {
    "publish rate": 150,
    "service time": 40,
    "slow subscribers": 3,
    "dead subscribers": 1,
    "bound": 10,
    "time-out": math.inf,
    "policy": Overflow.DISCONNECT,
}


@pytest.fixture
def sliders() -> Playground:
    return open_playground()


@pytest.fixture
def draws(monkeypatch) -> list[Overload]:
    """Every overload that is run from now on."""
    run: list[Overload] = []
    original = Overload.run

    def noted(self):
        run.append(self)
        return original(self)

    monkeypatch.setattr(Overload, "run", noted)
    return run


def shown_text(sliders: Playground) -> str:
    """Everything that is written around the figure."""
    return sliders._story.value + sliders._text.value


@pytest.mark.parametrize("label", MOVES)
def test_a_control_that_is_moved_changes_the_figure_and_its_caption(sliders, draws, label):
    picture, caption = sliders.picture, sliders.caption
    sliders.controls[label].value = MOVES[label]
    assert len(draws) == 1
    assert draws[0] == sliders.overload != Overload()
    assert sliders.picture.startswith(PNG)
    assert sliders.picture != picture
    assert sliders.caption == draws[0].findings(draws[0].run()) != caption
    assert sliders.caption in shown_text(sliders)


def test_the_settings_are_those_of_the_controls(sliders, monkeypatch):
    monkeypatch.setattr(Playground, "_draw", lambda self, incident: None)
    for label, value in MOVES.items():
        sliders.controls[label].value = value
    assert sliders.overload == Overload(150, 40, 10, None, Overflow.DISCONNECT, 3, 1)


def test_a_redraw_waits_until_a_slider_is_let_go(sliders):
    having = [control for control in sliders.controls.values() if hasattr(control, "max")]
    assert len(having) == 5
    assert not any(control.continuous_update for control in having)
    assert not sliders.controls["time-out"].continuous_update


def test_every_control_has_a_label_and_the_publish_rate_comes_first(sliders):
    assert list(sliders.controls) == list(MOVES)
    assert all(control.description == label for label, control in sliders.controls.items())


def test_the_figure_stands_above_the_controls(sliders):
    figure, text, controls, _ = sliders.widget.children
    assert (figure, text) == (sliders._image, sliders._text)
    assert sliders.controls["bound"] in {
        control for column in controls.children for row in column.children for control in parts(row)
    }


def parts(row: Any) -> list[Any]:
    """A control, or the control and its unit."""
    return list(getattr(row, "children", [row]))


def test_a_time_out_can_be_told_from_a_service_time_by_a_millisecond(sliders):
    patience = [value for _, value in sliders.controls["time-out"].options]
    assert {0.02, 0.021} <= set(patience)
    assert patience == sorted(set(patience))
    assert all(incident.overload.timeout_s in {None, *patience} for incident in INCIDENTS)


@pytest.mark.parametrize("incident", INCIDENTS, ids=lambda incident: incident.name)
def test_an_incident_sets_every_control_and_draws_once(sliders, draws, incident):
    sliders.controls["bound"].value = 77
    draws.clear()
    sliders.incidents.value = incident
    assert draws == [incident.overload]
    assert sliders.overload == incident.overload
    assert incident.address in shown_text(sliders)
    assert ("underline" in shown_text(sliders)) == bool(incident.address), "it looks like a link"


def test_an_incident_is_named_as_long_as_its_settings_are_shown(sliders):
    assert sliders.incidents.label == INCIDENTS[0].name
    sliders.controls["bound"].value = 77
    assert sliders.incidents.label == OWN_SETTINGS
    assert INCIDENTS[0].story not in shown_text(sliders)


def test_choosing_ones_own_settings_changes_nothing(sliders, draws):
    sliders.incidents.value = OWN_SETTINGS
    assert not draws
    assert sliders.overload == INCIDENTS[0].overload


def test_two_playgrounds_do_not_share_their_controls(sliders):
    other = open_playground(INCIDENTS[1])
    sliders.controls["bound"].value = 77
    assert other.overload == INCIDENTS[1].overload


# What a notebook shows and keeps.


def shown_by(sliders: Playground, monkeypatch) -> dict[str, Any]:
    """The data that a notebook is given."""
    shown = []
    monkeypatch.setattr(module, "display", lambda data, **_: shown.append(data))
    sliders._ipython_display_()
    data, naming = shown
    assert naming == {"text/html": module.NAMING}
    return data


def test_it_shows_a_widget_and_a_picture_for_where_there_are_none(sliders, monkeypatch):
    data = shown_by(sliders, monkeypatch)
    assert set(data) == {WIDGET, "image/png", "text/plain"}
    assert data["text/plain"] == sliders.caption
    assert data["image/png"].startswith(PNG)


def test_what_is_kept_is_the_same_in_every_run(sliders, monkeypatch):
    first, second = (shown_by(each, monkeypatch) for each in (sliders, open_playground()))
    assert first.pop(WIDGET) != second.pop(WIDGET)
    assert first == second


# What a redraw costs is measured in tests/benchmarks/playground.py; here is what bounds it.


def test_the_most_expensive_settings_make_a_bounded_number_of_deliveries(sliders):
    for label in ("publish rate", "slow subscribers", "dead subscribers"):
        sliders.controls[label].value = sliders.controls[label].max
    sliders.controls["service time"].value = sliders.controls["service time"].min
    assert len(sliders.overload.run().deliveries()) <= 5_000
