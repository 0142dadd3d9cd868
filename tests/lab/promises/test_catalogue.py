"""The list of promises, and who has to keep which."""

import inspect
import json
import subprocess
import sys
from collections import Counter

import pytest

from pubsub_lib import ChapterPubSub
from pubsub_lib.lab.lesson.tables import markdown_table
from pubsub_lib.lab.promises import (
    ASYNC_PUB_SUB,
    CHAPTER_PUB_SUB,
    IN_PROCESS_KINDS,
    PROMISES,
    Kind,
    Promise,
    Stage,
    Trait,
    promise_table,
    which_promises,
)

IMPORT_ALONE = """
import json, sys
before = set(sys.modules)
import pubsub_lib.lab.promises
loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
print(json.dumps(sorted(loaded - set(sys.stdlib_module_names))))
"""


def test_the_promises_need_nothing_but_the_standard_library():
    run = subprocess.run(
        [sys.executable, "-c", IMPORT_ALONE], capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(run.stdout) == ["pubsub_lib"]


@pytest.mark.parametrize("attribute", ["name", "sentence"])
def test_no_two_promises_share(attribute: str):
    counts = Counter(getattr(promise, attribute) for promise in PROMISES)
    assert [value for value, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.name)
def test_a_promise_is_one_sentence_and_a_program(promise: Promise):
    assert promise.sentence.endswith(".")
    assert "\n" not in promise.sentence
    assert inspect.iscoroutinefunction(promise.program)
    assert promise.cases


def test_the_promises_stand_in_the_order_of_the_course_and_every_stage_has_some():
    stages = list(dict.fromkeys(promise.stage for promise in PROMISES))
    assert stages == list(Stage)
    notebooks = [stage.notebook for stage in stages]
    assert notebooks == sorted(notebooks)


def test_every_fault_of_the_chapters_broker_is_missed_by_a_promise_that_it_does_not_make():
    faults = {promise.fault for promise in PROMISES if promise.fault}
    assert faults == {f"D{number}" for number in range(1, 14)}
    assert not any(promise.fault for promise in which_promises(CHAPTER_PUB_SUB))


def test_every_trait_makes_a_difference_to_a_promise():
    needed = frozenset().union(*(promise.needs for promise in PROMISES))
    asked_within = {Trait.SHARES_FATE, Trait.OVERTAKES, Trait.COUNTS_THE_UNWANTED}
    assert needed == set(Trait) - asked_within


def test_a_broker_that_gains_a_trait_gains_its_promises():
    before = which_promises(CHAPTER_PUB_SUB)
    iterated = Kind(CHAPTER_PUB_SUB.broker_class, CHAPTER_PUB_SUB.traits | {Trait.ITERATION})
    gained = [promise for promise in which_promises(iterated) if promise not in before]
    assert gained
    assert all(Trait.ITERATION in promise.needs for promise in gained)


def test_a_trait_that_is_none_is_refused():
    with pytest.raises(TypeError, match=r"members of Trait, as Trait\.DROPS is, not 'drops'"):
        Kind(ChapterPubSub, {Trait.IN_PROCESS, "drops"})


def test_promises_can_be_had_by_their_stages():
    two = which_promises(ASYNC_PUB_SUB, Stage.BOUND, Stage.OVERFLOW)
    assert {promise.stage for promise in two} == {Stage.BOUND, Stage.OVERFLOW}


def test_the_table_marks_what_each_kind_promises():
    head, rows = promise_table(IN_PROCESS_KINDS)
    rows = list(rows)
    assert head[2:] == [kind.name for kind in IN_PROCESS_KINDS]
    assert [row[1] for row in rows] == [promise.sentence for promise in PROMISES]
    for column, kind in enumerate(IN_PROCESS_KINDS, start=2):
        marked = [row[1] for row in rows if row[column]]
        assert marked == [promise.sentence for promise in which_promises(kind)]
    assert [row[0] for row in rows if row[0]] == [stage.title for stage in Stage]
    assert markdown_table(head, rows).count("\n") == len(rows) + 1
