"""The search for a program that breaks a promise: it finds what is there, and nothing else."""

import os
import time
from pathlib import Path

import pytest

from pubsub_lib import AsyncPubSub, ChapterPubSub, RingPubSub
from pubsub_lib.lab.own_broker.commands import break_my_broker
from pubsub_lib.lab.own_broker.given import given_state
from pubsub_lib.lab.own_broker.laws import LAWS, Law
from pubsub_lib.lab.own_broker.loading import load
from pubsub_lib.lab.own_broker.searching import Broken, Nothing, judge, search, search_file
from tests.lab.own_broker.wrong_brokers import WRONG

LONG = os.environ.get("DRILLS") == "long"


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
    program = search(ChapterPubSub, "10", laws=(law,))
    assert program is not None
    found = judge(ChapterPubSub, program, "10", (law,))
    assert found is not None
    assert found[0] == law.promise.sentence


def test_the_faults_d1_to_d11_are_those_that_laws_name():
    assert {law.promise.fault for law in LAWS} - {""} == {f"D{number}" for number in range(1, 12)}


BROKERS = {"AsyncPubSub": AsyncPubSub, "RingPubSub": RingPubSub, "given": load(given_state("10"))}


@pytest.mark.parametrize("name", BROKERS)
def test_nothing_is_found_in_a_broker_that_keeps_its_promises(name: str):
    assert search(BROKERS[name], "10", programs=200) is None


@pytest.mark.drill
@pytest.mark.parametrize("name", BROKERS)
def test_nothing_is_found_in_ten_thousand_programs(name: str):
    programs = 10_000 if LONG else 2_000
    assert search(BROKERS[name], "10", programs=programs, seed=time.time_ns()) is None


def test_the_same_broker_gets_the_same_answer():
    assert search(ChapterPubSub, "05") == search(ChapterPubSub, "05")


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


@pytest.mark.real_time
def test_a_learner_is_told_what_was_found(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    (tmp_path / "my_broker.py").write_bytes(given_state("03").read_bytes())
    break_my_broker("05")
    said = capsys.readouterr().out
    assert said.startswith("This breaks a promise: ")
    assert "\n  1. There is room for" in said
    assert isinstance(search_file(given_state("10"), "10"), Nothing)
