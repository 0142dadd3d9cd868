"""A broker of one's own is measured beside others, and what others were measured at is right."""

import json
from pathlib import Path
from statistics import median

import pytest

from pubsub_lib.lab.own_broker.commands import measure_my_broker
from pubsub_lib.lab.own_broker.given import given_state
from pubsub_lib.lab.own_broker.measuring import STORED, SUBSCRIBERS, times_as_fast
from tests.benchmarks.markdown import two_digits

RESULTS = Path(__file__).parents[3] / "tests/benchmarks/results.jsonl"


def test_what_others_were_measured_at_is_what_the_benchmark_has_saved():
    lines = [json.loads(line) for line in RESULTS.read_text(encoding="utf-8").splitlines()]
    costs = {line[3]: line[4] for line in lines if line[:3] == ["values", "COST", SUBSCRIBERS]}
    chapter = costs["ChapterPubSub, get"]
    for name, times in STORED.items():
        found = median(one / other for one, other in zip(chapter, costs[name], strict=True))
        assert two_digits(times) == two_digits(found), name


@pytest.mark.real_time
def test_a_learners_broker_is_measured_beside_the_librarys_two(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    (tmp_path / "my_broker.py").write_bytes(given_state("10").read_bytes())
    found = measure_my_broker()
    assert list(found)[:3] == ["AsyncPubSub", "RingPubSub", "yours"]
    assert min(found.values()) > 0
    assert capsys.readouterr().out == ""


@pytest.mark.real_time
def test_before_it_is_begun_only_the_others_are_there(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    assert "yours" not in measure_my_broker()
    assert capsys.readouterr().out == "Your own broker is left out. It is not begun yet.\n"


def test_a_broker_that_breaks_off_is_told_where(tmp_path):
    path = tmp_path / "my_broker.py"
    source = given_state("10").read_text(encoding="utf-8")
    path.write_text(source.replace("def _offer(self", "def _offers(self"), encoding="utf-8")
    assert "it broke off with AttributeError: " in str(times_as_fast(path))
