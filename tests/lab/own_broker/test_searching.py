"""The search for a program that breaks a promise: it finds what is there, and nothing else."""

import os
import re
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from pubsub_lib import AsyncPubSub, ChapterPubSub, Overflow, RingPubSub
from pubsub_lib.lab.own_broker.commands import break_my_broker
from pubsub_lib.lab.own_broker.file import make_if_missing
from pubsub_lib.lab.own_broker.given import given_state
from pubsub_lib.lab.own_broker.laws import LAWS, Law
from pubsub_lib.lab.own_broker.loading import load
from pubsub_lib.lab.own_broker.programs import Action, BrokerProgram, ProgramStep
from pubsub_lib.lab.own_broker.searching import Broken, Nothing, judge, search, search_file
from pubsub_lib.lab.own_broker.stages import STAGES, promises_until, traits_after
from pubsub_lib.lab.promises.kinds import ASYNC_PUB_SUB, CHAPTER_PUB_SUB, RING_PUB_SUB
from pubsub_lib.lab.promises.traits import Trait
from tests.lab.own_broker.wrong_brokers import WRONG

LONG = os.environ.get("DRILLS") == "long"


#: What the chapter's broker can be asked for; it also ends, and loses who leaves, in its own way.
OF_THE_CHAPTERS = CHAPTER_PUB_SUB.traits | {Trait.ENDING, Trait.LEAVING}

#: Which faults take so many programs that they are looked for in `make test-all` only.
RARE = {"D3", "D5", "D9", "D11"}


@pytest.mark.parametrize(
    "law",
    [
        pytest.param(
            law,
            id=f"{law.promise.fault}-{law.promise.name}",
            marks=pytest.mark.run_all if law.promise.fault in RARE else (),
        )
        for law in LAWS
        if law.promise.fault
    ],
)
def test_each_fault_of_the_chapters_broker_is_found(law: Law):
    program = search(ChapterPubSub, "10", laws=(law,), offers=OF_THE_CHAPTERS)
    assert program is not None
    found = judge(ChapterPubSub, program, "10", (law,))
    assert found is not None
    assert found[0] == law.promise.sentence


def test_the_faults_d1_to_d11_are_those_that_laws_name():
    assert {law.promise.fault for law in LAWS} - {""} == {f"D{number}" for number in range(1, 12)}


BROKERS: dict[str, tuple[Any, Collection[Trait]]] = {
    "AsyncPubSub": (AsyncPubSub, ASYNC_PUB_SUB.traits),
    "RingPubSub": (RingPubSub, RING_PUB_SUB.traits),
    "given": (load(given_state("10")), traits_after("10")),
}


@pytest.mark.parametrize("name", BROKERS)
def test_nothing_is_found_in_a_broker_that_keeps_its_promises(name: str):
    broker_class, offers = BROKERS[name]
    assert search(broker_class, "10", offers=offers, programs=200) is None


def test_a_message_displaced_before_it_was_read_is_not_blamed_on_the_cancelled_publish():
    actions = "JOIN", "PUBLISH", "JOIN", "PUBLISH", "CANCEL", "PUBLISH_NOWAIT"
    steps = tuple(ProgramStep(Action[action]) for action in actions)
    program = BrokerProgram(1, (False,), steps, Overflow.DROP_OLDEST)
    assert judge(load(given_state("05")), program, "05") is None


@pytest.mark.drill
@pytest.mark.parametrize("notebook", [stage.notebook for stage in STAGES])
def test_nothing_is_found_in_a_given_state(notebook: str):
    programs = 10_000 if LONG else 500
    broker_class = load(given_state(notebook))
    assert search(broker_class, notebook, programs=programs, seed=time.time_ns()) is None


@pytest.mark.drill
@pytest.mark.parametrize("name", BROKERS)
def test_nothing_is_found_in_ten_thousand_programs(name: str):
    programs = 10_000 if LONG else 2_000
    broker_class, offers = BROKERS[name]
    seed = time.time_ns()
    assert search(broker_class, "10", offers=offers, programs=programs, seed=seed) is None


SUBTLE = {
    "leaves a cancelled publish in the line": (
        "05",
        "ticket.cancel()  # which does nothing to one that is done",
        "pass",
        "A cancelled publish",
    ),
    "displaces without a look at the line": (
        "05",
        "            self.get_nowait()\n            self.task_done()",
        "            super().get_nowait()\n            self.task_done()\n"
        "            for number, (message, one) in enumerate(self.line):\n"
        "                if one is ticket:\n"
        "                    del self.line[number]\n"
        "                    self.put_nowait(message)\n"
        "                    ticket.set_result(None)\n"
        "                    break",
        "With `DROP_OLDEST`",
    ),
    "raises nothing": (
        "05",
        "if missed_by and self.overflow is Overflow.RAISE:",
        "if len(missed_by) > 1 and self.overflow is Overflow.RAISE:",
        "With `RAISE`",
    ),
    "keeps who has left": (
        "07",
        "        self.broker.inboxes = tuple(each for each in self.broker.inboxes if each is not "
        "self)\n",
        "",
        "A subscriber that leaves is not waited for",
    ),
    "marks a batch as done before it is handled": (
        "09",
        "            yield [message for message in batch if message is not None]\n"
        "            for _ in batch:\n                self.task_done()\n",
        "            for _ in batch:\n                self.task_done()\n"
        "            yield [message for message in batch if message is not None]\n",
        "A whole batch",
    ),
    "gives batches of one": ("09", "in range(self.qsize()))", "in range(0))", "A batch is all"),
    "replays the oldest": (
        "10",
        "list(self.last.values())[::-1][:replay][::-1]",
        "list(self.last.values())[:replay]",
        "A newcomer gets as many",
    ),
}


@pytest.mark.parametrize("name", SUBTLE)
def test_what_only_a_search_would_find_is_found(name: str, tmp_path: Path):
    notebook, was, becomes, promise = SUBTLE[name]
    source = given_state(notebook).read_text(encoding="utf-8")
    assert source.count(was) == 1
    path = tmp_path / "my_broker.py"
    path.write_text(source.replace(was, becomes), encoding="utf-8")
    broker_class = load(path)
    program = search(broker_class, notebook)
    assert program is not None
    broken = judge(broker_class, program, notebook)
    assert broken is not None
    assert broken[0].startswith(promise), broken


def test_the_same_broker_gets_the_same_answer():
    once, again = (search(ChapterPubSub, "05", offers=OF_THE_CHAPTERS) for _ in range(2))
    assert once == again


def test_what_is_found_in_a_file_is_told_in_steps_and_filmed(tmp_path: Path):
    [wrong] = [wrong for wrong in WRONG if wrong.name == "waits for one after the other"]
    path = tmp_path / "my_broker.py"
    path.write_text(wrong.source, encoding="utf-8")
    found = search_file(path, "05")
    assert isinstance(found, Broken)
    assert found.sentence.startswith("Dead subscribers")
    assert found.steps[0].startswith("There is room for 1 message in each queue")
    assert "1 s is the most" in found.reason
    assert found.film is not None


def test_a_file_that_gives_no_broker_is_told_so(tmp_path: Path):
    (tmp_path / "my_broker.py").write_text("class Broker: ...")
    assert "has no class MyBroker" in str(search_file(tmp_path / "my_broker.py", "05"))


def test_a_file_that_is_not_begun_is_told_so_and_not_searched(tmp_path: Path):
    path = tmp_path / "my_broker.py"
    make_if_missing(path)
    assert str(search_file(path, "03")).startswith("Your broker is not begun yet.")


@pytest.mark.parametrize("method", ["__init__", "subscribe", "shutdown"])
def test_a_method_that_is_not_written_is_named(method: str, tmp_path: Path):
    path = tmp_path / "my_broker.py"
    source = given_state("03").read_text(encoding="utf-8")
    [at] = [each.start() for each in re.finditer(rf"def {method}\(.*\n", source)]
    end = source.index("\n", at) + 1
    path.write_text(source[:end] + "        raise NotImplementedError\n" + source[end:])
    assert judge(load(path), BrokerProgram(1, (True,), ()), "03") == (
        promises_until("03")[0].sentence,
        f"`{method}()` is still to be written",
    )


@pytest.mark.real_time
@pytest.mark.timeout(480)  # a search, which a busy machine makes long
def test_a_learner_is_told_what_was_found(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    (tmp_path / "my_broker.py").write_bytes(given_state("03").read_bytes())
    break_my_broker("05")
    said = capsys.readouterr().out
    assert said.startswith("This breaks a promise: ")
    assert "\n  1. There is room for" in said


@pytest.mark.run_all
@pytest.mark.timeout(480)
def test_a_file_in_which_nothing_is_found_is_told_so():
    assert isinstance(search_file(given_state("10"), "10"), Nothing)
