"""Latencies are drawn as they were recorded, those of 0 as well."""

import numpy as np
import pytest
from matplotlib.colors import same_color
from matplotlib.patches import Polygon

from pubsub_lib.lab import figures
from pubsub_lib.lab.figures.style import (
    COLOURS,
    MARKERS,
)
from pubsub_lib.lab.traffic.readers import Pace
from tests.lab.figures.drawn import axis_labels, overlap, points, texts, x_ticks
from tests.lab.figures.recorded import with_latencies_ms


def heights_of(patch: Polygon) -> tuple[list[float], list[float]]:
    """The edges and the heights of a histogram drawn as one outline."""
    outline = patch.get_xy()
    bins = (len(outline) - 1) // 4 if len(outline) % 2 else len(outline) // 4
    return outline[0 : 2 * bins + 1 : 2, 0].tolist(), outline[1 : 2 * bins : 2, 1].tolist()


def test_every_delivery_is_in_the_histogram():
    recording = with_latencies_ms(fast=[1, 2, 2, 3], slow=[10, 200, 3000])
    (axes,) = figures.latency_histogram(recording).figure.axes
    assert [sum(heights_of(patch)[1]) for patch in axes.patches] == [4, 3]


def test_the_histogram_has_its_highest_bin_where_most_deliveries_are():
    recording = with_latencies_ms(fast=[1, 20, 20, 20, 300])
    (axes,) = figures.latency_histogram(recording).figure.axes
    edges, heights = heights_of(axes.patches[0])
    highest = int(np.argmax(heights))
    assert heights[highest] == 3
    assert edges[highest] <= 20 < edges[highest + 1]


def test_no_time_at_all_is_in_the_first_bin():
    (axes,) = figures.latency_histogram(with_latencies_ms(fast=[0, 70, 0, 0])).figure.axes
    _, heights = heights_of(axes.patches[0])
    assert heights[0] == 3


def test_all_panels_have_the_same_bins():
    one, other = with_latencies_ms(fast=[1, 2]), with_latencies_ms(fast=[50, 6000], slow=[0, 0])
    plot = figures.latency_histogram({"one": one, "other": other})
    edges = [heights_of(patch)[0] for axes in plot.figure.axes for patch in axes.patches]
    assert len(edges) == 3
    assert edges[0] == edges[1] == edges[2]


def test_each_pace_has_its_colour_and_a_dash_of_its_own_in_the_histogram():
    recording = with_latencies_ms(fast=[1, 2], slow=[10, 20])
    fast, slow = figures.latency_histogram(recording).figure.axes[0].patches
    assert same_color(fast.get_edgecolor(), COLOURS[Pace.FAST])
    assert same_color(slow.get_edgecolor(), COLOURS[Pace.SLOW])
    assert fast.get_linestyle() != slow.get_linestyle()


def test_latencies_are_in_milliseconds_on_a_logarithmic_axis():
    recording = with_latencies_ms(fast=[1, 20])
    histogram, ecdf = figures.latency_histogram(recording), figures.latency_ecdf(recording)
    assert axis_labels(histogram) == [("latency (ms)", "deliveries")]
    assert axis_labels(ecdf) == [("latency (ms)", "share of deliveries")]
    assert histogram.figure.axes[0].get_xscale() == ecdf.figure.axes[0].get_xscale() == "log"


def test_the_ecdf_rises_by_the_share_of_deliveries():
    recording = with_latencies_ms(fast=[3, 1, 2, 2])
    (axes,) = figures.latency_ecdf(recording).figure.axes
    assert points(axes)[1:] == [(1, 0.25), (2, 0.5), (2, 0.75), (3, 1.0)]


def test_p50_and_p99_are_marked_and_named():
    recording = with_latencies_ms(slow=list(range(1, 101)))
    plot = figures.latency_ecdf(recording)
    (axes,) = plot.figure.axes
    assert points(axes, line=1) == [(50, 0.5)]
    assert points(axes, line=2) == [(99, 0.99)]
    assert [line.get_marker() for line in axes.lines[1:]] == [MARKERS[Pace.SLOW]] * 2
    assert texts(plot) == ["p50: 50 ms", "p99: 99 ms"]


@pytest.mark.parametrize("draw", [figures.latency_histogram, figures.latency_ecdf])
def test_no_time_at_all_has_a_place_called_0_below_every_other(draw):
    recording = with_latencies_ms(fast=[0, 0, 0, 7], slow=[30, 40, 50, 60])
    (axes,) = draw(recording).figure.axes
    first, *_ = x_ticks(axes)
    assert first.get_text() == "0"
    place, _ = first.get_position()
    assert 0.1 <= place < 7 / 2


def test_a_p50_of_no_time_at_all_is_named_so():
    plot = figures.latency_ecdf(with_latencies_ms(fast=[0, 0, 0, 7]))
    assert texts(plot) == ["p50: 0 ms", "p99: 7 ms"]


@pytest.mark.parametrize("draw", [figures.latency_histogram, figures.latency_ecdf])
def test_latencies_that_all_are_0_can_be_drawn(draw):
    (axes,) = draw(with_latencies_ms(fast=[0, 0])).figure.axes
    assert "0" in [label.get_text() for label in x_ticks(axes)]


@pytest.mark.parametrize("draw", [figures.latency_histogram, figures.latency_ecdf])
@pytest.mark.parametrize(
    "latencies_ms",
    [[1.1, 1.2], [400, 9000], [0, 3, 40]],
    ids=str,
)
def test_the_latency_axis_has_a_few_plain_numbers_that_do_not_touch(draw, latencies_ms):
    recording = with_latencies_ms(fast=latencies_ms)
    axes, *_ = draw({"one": recording, "two": recording, "three": recording}).figure.axes
    labels = x_ticks(axes)
    assert labels
    assert all(float(label.get_text()) >= 0 for label in labels)
    assert not overlap(labels)
