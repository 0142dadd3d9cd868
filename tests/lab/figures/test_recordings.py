"""What all figures of recordings have in common; captions are tested in test_captions.py."""

import re
from collections.abc import Callable

import pytest

from pubsub_lib import AsyncPubSub
from pubsub_lib.lab import figures
from pubsub_lib.lab.figures import captions
from pubsub_lib.lab.figures.named import Recordings
from pubsub_lib.lab.figures.style import (
    Plot,
)
from pubsub_lib.lab.traffic.loads import closed_loop
from pubsub_lib.lab.traffic.readers import fast_reader, slow_reader
from pubsub_lib.lab.traffic.recordings import Recording
from pubsub_lib.lab.traffic.workloads import run_workload
from tests.lab.figures.drawn import (
    cut_off,
    titles,
)
from tests.lab.figures.recorded import run, three_readers


def waits_of_the_slow_reader(recordings: Recordings) -> Plot:
    return figures.waits(recordings, subscriber="slow")


OF_RECORDINGS: dict[Callable[[Recordings], Plot], Callable[[Recording], str]] = {
    figures.queue_fill: captions.about_queue_fill,
    figures.drops: captions.about_drops,
    figures.latency_histogram: captions.about_latency,
    figures.latency_ecdf: captions.about_latency,
    figures.publish_time: captions.about_publish_time,
    figures.lateness: captions.about_lateness,
    waits_of_the_slow_reader: lambda recording: captions.about_waits(recording, "slow"),
}
each_figure = pytest.mark.parametrize("draw", OF_RECORDINGS, ids=lambda draw: draw.__name__)


@each_figure
def test_the_caption_is_about_the_recording(draw):
    recording = three_readers()
    assert draw(recording).caption == OF_RECORDINGS[draw](recording) + "."


@each_figure
def test_several_recordings_have_a_titled_panel_and_a_sentence_each(draw):
    one, two = three_readers(), three_readers()
    plot = draw({"before": one, "after": two})
    about = OF_RECORDINGS[draw]
    assert titles(plot) == ["before", "after"]
    assert plot.caption == f"before: {about(one)}. after: {about(two)}."


@each_figure
@pytest.mark.parametrize("reverse", [False, True])
def test_several_recordings_share_axes_that_hold_all_of_them(draw, reverse):
    small, large = (
        run(messages, fast_reader(), slow_reader(service_time_s=service_time_s))
        for messages, service_time_s in ((4, 0.03), (30, 0.04))
    )
    named = {"large": large, "small": small} if reverse else {"small": small, "large": large}
    left, right = draw(named).figure.axes
    (alone,) = draw(large).figure.axes
    assert left.get_xlim() == right.get_xlim()
    assert left.get_ylim() == right.get_ylim()
    assert left.get_xlim()[1] >= alone.dataLim.x1
    assert max(left.get_ylim()) >= alone.dataLim.y1


@each_figure
def test_the_same_data_make_the_same_picture(draw):
    assert draw(three_readers()).png() == draw(three_readers()).png()


@each_figure
def test_no_text_is_cut_off(draw):
    assert cut_off(draw(three_readers())) == []
    assert cut_off(draw({"one": three_readers(), "two": three_readers()})) == []


@each_figure
@pytest.mark.parametrize("thing", [None, 5, "recording", [1], {"name": 1}], ids=repr)
def test_what_is_no_recording_is_refused(draw, thing):
    with pytest.raises(TypeError, match=r"^a figure draws a recording, .*, or several by name"):
        draw(thing)


def test_a_workload_that_was_not_awaited_is_refused_with_a_hint():
    workload = run_workload(AsyncPubSub(), closed_loop(messages=1), [fast_reader()])
    with pytest.raises(TypeError, match=r"as awaiting run_workload\(\) returns it"):
        figures.drops(workload)
    workload.close()


@each_figure
def test_without_a_recording_the_figure_says_so(draw):
    assert draw({}).caption == ("There is nothing to draw: pass a recording, or several by name.")


@each_figure
def test_a_run_in_which_nothing_happened_is_drawn_empty(draw):
    empty = Recording([fast_reader(), slow_reader(service_time_s=1)], bound=3)
    for plot in (draw(empty), draw({"something": three_readers(), "nothing": empty})):
        assert re.search(r"\b(no|nothing|nobody)\b", plot.caption)
        assert plot.png()
