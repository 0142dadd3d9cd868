"""Whether other programs were in the way is measured: by what they used of the processors."""

import subprocess
import sys
import time

import pytest

from pubsub_lib.lab.costs import contention
from pubsub_lib.lab.costs.contention import Contention, MachineUsage, contention_of, usage_now


def used(*, processors_s: float, own_s: float = 0.0, processors: int = 2) -> Contention:
    return Contention(MachineUsage(1.0, processors_s, own_s), processors)


def test_what_this_process_takes_itself_is_no_contention():
    assert not used(processors_s=2.0, own_s=2.0).is_high


def test_two_busy_loops_on_two_processors_are_contention():
    assert used(processors_s=2.0, own_s=0.7).is_high


def test_with_many_processors_others_may_use_some():
    assert not used(processors_s=5.0, own_s=1.0, processors=8).is_high
    assert used(processors_s=8.0, own_s=1.0, processors=8).is_high


@pytest.mark.parametrize(("others_s", "is_high"), [(0.05, False), (0.5, True)])
def test_the_only_processor_is_shared_soon(others_s, is_high):
    assert used(processors_s=0.5 + others_s, own_s=0.5, processors=1).is_high is is_high


def test_it_says_what_it_goes_by():
    assert str(used(processors_s=1.5, processors=1)) == (
        "other programs used 1.5 of this machine's 1 processor"
    )


def test_a_container_that_was_held_back_by_its_limit_is_contention(monkeypatch, tmp_path):
    statistics = tmp_path / "cpu.stat"
    monkeypatch.setattr(contention, "_CONTAINER", statistics)
    statistics.write_text("usage_usec 900\nthrottled_usec 100000\n")
    before = usage_now()
    statistics.write_text("usage_usec 950\nthrottled_usec 600000\n")
    found = contention_of(usage_now() - before)
    assert found.is_high
    assert str(found) == "this container was held back by its limit for 0.50 s"


def test_where_nothing_can_be_seen_it_says_so_and_excuses_nothing(monkeypatch):
    monkeypatch.setattr(contention, "psutil", None)
    before = usage_now()
    found = contention_of(usage_now() - before)
    assert not found.is_high
    assert str(found) == "how busy this machine is cannot be seen here"


@pytest.mark.skipif(contention.psutil is None, reason="no program can be seen here")
def test_the_work_of_this_process_and_of_one_that_it_starts_is_its_own():
    before = usage_now()
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as loop:
        until = time.process_time() + 0.3
        while time.process_time() < until:
            pass
        meanwhile = usage_now() - before
        loop.kill()
    assert meanwhile.own_s > 0.3
    assert meanwhile.own_s <= meanwhile.processors_s + 0.1  # they go in steps of 10 ms
