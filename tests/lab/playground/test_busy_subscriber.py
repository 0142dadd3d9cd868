"""The sliders of a busy subscriber, without a browser."""

from statistics import mean

import pytest

from pubsub_lib.lab.playground.busy_subscriber import _mean_s, open_busy_subscriber
from pubsub_lib.lab.traffic.queueing import expected_mean_s


@pytest.mark.parametrize("variability", [0.0, 0.5, 1.0, 2.0])
def test_long_runs_come_near_the_formula_whatever_the_variability(variability: float):
    found_s = mean(_mean_s(0.5, variability, 10_000, seed) for seed in range(1_000, 1_010))
    expected_s = expected_mean_s(0.5, service_time_s=0.01, variability=variability)
    assert found_s == pytest.approx(expected_s, rel=0.1)


@pytest.mark.parametrize(
    ("label", "value"), [("utilisation", 50), ("variability", 200), ("run length", 4_000)]
)
def test_a_slider_that_is_moved_changes_the_figure_and_its_caption(label: str, value: int):
    shown = open_busy_subscriber()
    picture, caption = shown.picture, shown.caption
    shown.controls[label].value = value
    assert shown.picture != picture
    assert shown.caption != caption


def test_at_every_end_of_every_slider_there_is_a_figure():
    shown = open_busy_subscriber()
    for control in shown.controls.values():
        for end in (control.min, control.max):
            control.value = end
            assert "runs of" in shown.caption


def test_steadier_service_helps_more_than_a_little_less_traffic():
    shown = open_busy_subscriber()
    shown.controls["utilisation"].value = 75
    assert "takes 40 ms on average" in shown.caption
    shown.controls["utilisation"].value = 80
    shown.controls["variability"].value = 50
    assert "takes 35 ms on average" in shown.caption


@pytest.mark.parametrize(
    ("utilisation", "messages", "is_off_by_a_half"),
    [(80, 2_000, True), (80, 3_000, False), (95, 4_000, True)],
)
def test_a_run_has_to_be_long_before_nobody_is_off_by_a_half(
    utilisation: int, messages: int, is_off_by_a_half: bool
):
    share = utilisation / 100
    expected_s = expected_mean_s(share, service_time_s=0.01, variability=1.0)
    found_s = [_mean_s(share, 1.0, messages, seed) for seed in range(20)]
    assert (max(abs(one / expected_s - 1) for one in found_s) > 0.5) is is_off_by_a_half
