"""Which cell runs, and how busy the machine was from when it began."""

import pytest

from pubsub_lib.lab.costs.contention import MachineUsage
from pubsub_lib.lab.lesson import cells
from pubsub_lib.lab.lesson.cells import LONG_ENOUGH_S, Cells


@pytest.fixture
def clocks(monkeypatch):
    """The readings of a machine, which a test sets."""
    readings = {"now": MachineUsage()}
    monkeypatch.setattr(cells, "usage_now", lambda: readings["now"])

    def look_on(seconds):
        readings["now"] += MachineUsage(wall_s=seconds, processors_s=2 * seconds)

    monkeypatch.setattr(cells.time, "sleep", look_on)
    return readings


def passes(clocks, *, wall_s, processors_s):
    clocks["now"] += MachineUsage(wall_s, processors_s)


def test_cells_are_told_apart():
    run = Cells()
    numbers = []
    for _ in range(2):
        run.began()
        numbers.append(run.number)
        run.ended()
    assert numbers == [1, 2]


def test_what_counts_is_the_time_since_the_cell_began(clocks):
    run = Cells()
    passes(clocks, wall_s=9.0, processors_s=18.0)
    run.began()
    passes(clocks, wall_s=2.0, processors_s=1.0)
    assert run.contention().usage == MachineUsage(2.0, 1.0)


def test_a_cell_that_takes_no_time_speaks_of_what_the_cell_before_measured(clocks):
    run = Cells()
    run.began()
    passes(clocks, wall_s=2.0, processors_s=4.0)
    run.ended()
    passes(clocks, wall_s=60.0, processors_s=1.0)  # somebody reads
    run.began()
    assert run.contention().usage == MachineUsage(2.0, 4.0)


def test_where_all_cells_were_short_it_looks_on_for_a_moment(clocks):
    run = Cells()
    run.began()
    passes(clocks, wall_s=0.05, processors_s=0.0)
    assert run.contention().usage.wall_s == pytest.approx(LONG_ENOUGH_S)
    assert run.contention().usage.processors_s > 0
