"""What stands on the page was measured, or is what the code says."""

import re
import shutil
from pathlib import Path

import pytest

from .by_hand import FLOOR, LIMITS
from .library import CHAPTER, QUEUES_MANY, RING_MANY
from .markdown import two_digits
from .measuring import heap_left_alone
from .network import FLUSH_AFTER_BYTES, UNACKNOWLEDGED, WANTED, WAYS
from .page import RESULTS, SECTIONS, Page, markers, split_at
from .profiling import profiles_of
from .requirements import Judged, Judgement, Requirement
from .rounds import FULL, Quantity, measure
from .run import ProfileRow, Run
from .systems import BOUND, LARGE_BOUND
from .test_benchmarks import TINY
from .verdicts import shortfalls

PAGE = Page(Path(__file__).parent)


@pytest.fixture(scope="module")
def measured():
    with heap_left_alone():
        results = measure([RING_MANY, CHAPTER, FLOOR], LIMITS, TINY, progress=lambda what: None)
    profiles = {(Quantity.WAKE_UP, RING_MANY.name): [ProfileRow(1_000, 2.5, "`ring.py`, `store`")]}
    return Run(results, TINY, "a machine", {"aio-broadcast": "1.0.3"}, 12.3, profiles)


@pytest.fixture
def saved(tmp_path, measured):
    shutil.copy(PAGE.readme, tmp_path)
    page = Page(tmp_path)
    page.save_run(measured)
    page.save_network({way.name: [10.0, 20.0] for way in WAYS})
    return page


def test_the_results_on_the_page_are_those_that_were_saved():
    assert PAGE.stale() == []


def test_what_is_saved_is_on_the_page(saved, measured):
    assert saved.stale() == []
    results = split_at(RESULTS, saved.readme.read_text(encoding="utf-8"))[1]
    assert "a machine; medians of 1 interleaved rounds, in 12 s; aio-broadcast 1.0.3." in results
    cost_ns = two_digits(measured.results.median(Quantity.COST, 10, RING_MANY.name))
    two_bounds = results.split("**Two bounds**")[1]
    (row,) = re.findall(rf"\| {RING_MANY.name} .*", two_bounds.split("**Latency**")[0])
    assert row.split("|")[2].strip() == cost_ns
    assert saved.figure.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("section", SECTIONS)
def test_a_number_that_is_changed_on_the_page_is_found(saved, section):
    before, results, after = split_at(section, saved.readme.read_text(encoding="utf-8"))
    numbers = list(re.finditer("[0-9]", results))
    for number in (numbers[0], numbers[len(numbers) // 2], numbers[-1]):
        other = str((int(number[0]) + 1) % 10)
        changed = results[: number.start()] + other + results[number.end() :]
        begin, end = markers(section)
        saved.readme.write_text(f"{before}{begin}{changed}{end}{after}", encoding="utf-8")
        assert saved.stale() == [section]


def test_a_value_that_is_changed_in_the_data_is_found(saved):
    name = f'"{RING_MANY.name}", ['
    text = saved.run.read_text(encoding="utf-8")
    saved.run.write_text(text.replace(name, f"{name}9", 1), encoding="utf-8")
    assert saved.stale() == [RESULTS]


def test_a_run_can_be_read_again(measured):
    text = measured.to_text()
    assert Run.from_text(text).to_text() == text


def test_every_number_in_the_prose_is_one_of_the_code():
    prose = PAGE.readme.read_text(encoding="utf-8")
    for section in SECTIONS:
        before, _, after = split_at(section, prose)
        prose = before + after
    prose = " ".join(re.sub(r"```.*?```|`[^`]*`", "", prose, flags=re.DOTALL).split())
    for phrase in (
        f"a bound of {BOUND} messages where",
        f"With {FULL.few_subscribers} subscribers speed",
        f"measured with a bound of {LARGE_BOUND:,},",
        f"take {WANTED} times what nats-py takes",
        f"every {FLUSH_AFTER_BYTES // 1024} KB",
        f"may have {UNACKNOWLEDGED} that are not",
    ):
        assert prose.count(phrase) == 1
        prose = prose.replace(phrase, "")
    assert re.findall(r".{,40}[0-9].{,40}", prose) == []


def judged(*judgements):
    wanted = Requirement("faster", Quantity.COST, [], [], lambda times: times > 1, "Because.")
    return Judged(wanted, judgements)


def test_what_is_missed_is_explained_with_what_was_measured():
    text = shortfalls(
        [
            judged(
                Judgement("faster", "A", {10: 0.5, 100: 0.25}, ["B"], "no"),
                Judgement("faster", "C", {10: 2.0}, ["B"], "yes"),
            )
        ],
        {(Quantity.COST, "A"): [ProfileRow(1_000, 2.5, "`ring.py`, `publish`")]},
    )
    assert "**Faster** (A: 0.5 with 10, 0.25 with 100 subscribers). Because." in text
    assert "| 1,000 |           2.5 | `ring.py`, `publish` |" in text


def test_what_was_not_measured_is_not_called_missed():
    missed = judged(Judgement("faster", "A", {}, [], "not measured"))
    assert missed.missed == []
    assert shortfalls([missed], {}) == "All that was measured is met."


@pytest.mark.run_all
def test_of_what_is_missed_the_worst_way_is_profiled():
    missed = judged(
        Judgement("faster", QUEUES_MANY.name, {10: 0.5, 100: 0.9}, ["B"], "no"),
        Judgement("faster", RING_MANY.name, {10: 0.6, 100: 0.4}, ["B"], "no"),
    )
    profiles = profiles_of([missed], [RING_MANY, QUEUES_MANY], TINY)
    assert list(profiles) == [(Quantity.COST, RING_MANY.name)]
    own_ms = [row.own_ms for row in profiles[Quantity.COST, RING_MANY.name]]
    assert own_ms
    assert own_ms == sorted(own_ms, reverse=True)
