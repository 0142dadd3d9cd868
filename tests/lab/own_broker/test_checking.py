"""The check of a learner's own broker: what holds, what does not, and what it says of bad files."""

from pathlib import Path

import pytest

from pubsub_lib.lab.own_broker.apart import DidNotEnd, run_apart
from pubsub_lib.lab.own_broker.beside import KEEPS_IT, YOURS
from pubsub_lib.lab.own_broker.commands import check_my_broker, start_my_broker_at
from pubsub_lib.lab.own_broker.file import FINISHED, make_if_missing
from pubsub_lib.lab.own_broker.given import GIVEN, Given, given_state
from pubsub_lib.lab.own_broker.stages import STAGES, promises_until, traits_after
from pubsub_lib.lab.own_broker.trying import try_stage
from tests.lab.own_broker.wrong_brokers import WRONG, Wrong


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    return tmp_path / "my_broker.py"


@pytest.mark.parametrize("given", GIVEN, ids=lambda given: given.notebook)
def test_each_given_state_keeps_all_of_its_stage_and_lacks_something_of_the_next(given: Given):
    report = try_stage(given.path, given.notebook)
    assert [sentence for sentence, kept in report.marks if not kept] == []
    later = [stage.notebook for stage in STAGES if stage.notebook > given.notebook]
    if later:
        assert not all(kept for _, kept in try_stage(given.path, later[0]).marks)


@pytest.mark.parametrize("given", GIVEN, ids=lambda given: given.notebook)
def test_a_given_state_is_short_enough_to_be_read_whole(given: Given):
    body = given.path.read_text(encoding="utf-8").split('"""', 2)[2]
    assert len([line for line in body.splitlines() if line.strip()]) < 150


def test_the_last_given_state_keeps_all_that_was_promised():
    assert try_stage(given_state("10"), "10").kept == len(promises_until("10")) == 26


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.notebook)
def test_nothing_is_asked_that_a_broker_of_the_stage_does_not_offer(stage):
    assert all(promise.needs <= traits_after(stage.notebook) for promise in stage.promises)


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: f"{wrong.notebook}-{wrong.name}")
def test_a_wrong_broker_is_caught_and_filmed_beside_one_that_keeps_the_promise(
    wrong: Wrong, mine: Path
):
    mine.write_text(wrong.source, encoding="utf-8")
    report = try_stage(mine, wrong.notebook)
    assert report.first_broken.startswith(wrong.breaks), (report.first_broken, report.reason)
    assert report.reason
    assert wrong.says in report.reason
    assert report.film is not None
    assert list(report.film.recordings) == [YOURS, KEEPS_IT]


def test_there_are_three_wrong_brokers_for_each_stage():
    for stage in STAGES:
        assert sum(wrong.notebook == stage.notebook for wrong in WRONG) >= 3


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("class MyBroker\n    pass", "line 1 of my_broker.py is no Python: expected ':'"),
        ("import no_such_module", "my_broker.py cannot be run: ModuleNotFoundError"),
        ("x = 1 / 0", "in line 1: `x = 1 / 0`"),
        ("class Broker: ...", "has no class MyBroker"),
        ("class MyBroker: ...", "MyBroker has no subscribe() and no publish() and no shutdown()"),
    ],
)
def test_a_file_that_gives_no_broker_is_told_in_plain_words(source: str, said: str, mine: Path):
    mine.write_text(source, encoding="utf-8")
    report = try_stage(mine, "03")
    assert said in report.reason
    assert not report.marks


def test_a_publish_that_cannot_be_awaited_is_told(mine: Path):
    source = given_state("03").read_text(encoding="utf-8")
    mine.write_text(source.replace("async def publish", "def publish").replace("await ", ""))
    assert "write `async def publish(self, message)`" in try_stage(mine, "03").reason


LOOP = "        for queue in self.queues:\n            try:"


def write_with(path: Path, new: str) -> None:
    """Write the first state with another beginning of `publish()`."""
    path.write_text(given_state("03").read_text(encoding="utf-8").replace(LOOP, new))


def test_an_error_names_its_line_in_the_file(mine: Path):
    write_with(mine, LOOP.replace("self.queues", "self.queue"))
    reason = try_stage(mine, "03").reason
    assert "has no attribute 'queue'" in reason
    assert "in line" in reason
    assert "`for queue in self.queue:`" in reason


def test_a_method_that_is_still_to_be_written_is_named(mine: Path):
    source = given_state("03").read_text(encoding="utf-8")
    written, _, _ = source.rpartition("        for queue in self.queues:")
    mine.write_text(f"{written}        raise NotImplementedError\n")
    report = try_stage(mine, "03")
    assert (report.begun, report.reason) == (True, "`shutdown()` is still to be written")


def test_one_that_inherits_it_all_is_refused(mine: Path):
    mine.write_text(
        "from pubsub_lib import ChapterPubSub\n\nclass MyBroker(ChapterPubSub):\n    pass\n"
    )
    said = try_stage(mine, "03").reason
    assert "inherits subscribe() and publish() and shutdown() from a broker of the library" in said


def test_a_list_in_the_body_of_the_class_is_told(mine: Path):
    source = given_state("03").read_text(encoding="utf-8")
    own = "        self.queues: list[asyncio.Queue[T | None]] = []\n"
    assert own in source
    shared = source.replace(own, "").replace(
        "    def __init__", "    queues = []\n\n    def __init__", 1
    )
    mine.write_text(shared)
    assert "in `__init__`, and not in the body of the class" in try_stage(mine, "03").reason


def test_an_await_that_is_missing_is_named(mine: Path):
    source = given_state("03").read_text(encoding="utf-8")
    put = "await asyncio.wait_for(queue.put(message), timeout=1.0)"
    mine.write_text(source.replace(put, "queue.put(message)"))
    assert "`put()` is called without `await`" in try_stage(mine, "03").reason


def test_one_that_goes_round_and_round_is_told_so(mine: Path):
    write_with(mine, f"        while True:\n            await asyncio.sleep(0)\n{LOOP}")
    assert "round and round without waiting" in try_stage(mine, "03").reason


def test_one_that_waits_for_ever_is_told_who_waits_for_what(mine: Path):
    write_with(mine, f"        await asyncio.Event().wait()\n{LOOP}")
    assert "waits for an event that nobody sets" in try_stage(mine, "03").reason


@pytest.mark.real_time
@pytest.mark.parametrize("line", ["while True: pass", "import time; time.sleep(1000)"])
def test_a_loop_without_end_is_ended_and_its_line_is_told(line: str, mine: Path):
    mine.write_text(f"{line}\n")
    with pytest.raises(DidNotEnd, match=r"line 1 of my_broker\.py, .* was not over after 0.5 s"):
        run_apart("trying:try_stage", mine, "03", limit_s=0.5)


@pytest.mark.real_time
def test_of_a_loop_without_end_the_lines_are_told_from_which_it_was_called(mine: Path):
    mine.write_text("def take():\n    while True: pass\ndef displace():\n    take()\ndisplace()\n")
    says = (
        r"line 2 of .*`while True: pass`, called in line 4, `take\(\)`, called in line 5, `displace"
    )
    with pytest.raises(DidNotEnd, match=says):
        run_apart("trying:try_stage", mine, "03", limit_s=0.5)


@pytest.mark.real_time
def test_one_that_ends_python_is_told_so(mine: Path):
    mine.write_text("import os; os._exit(0)\n")
    with pytest.raises(DidNotEnd, match="ended Python itself"):
        run_apart("trying:try_stage", mine, "03")


@pytest.mark.real_time
def test_the_check_says_how_far_one_is_and_an_edit_counts_at_once(mine: Path, capsys):
    check_my_broker("03")
    assert "not begun yet" in capsys.readouterr().out
    start_my_broker_at("05")
    capsys.readouterr()
    check_my_broker("05")
    said = capsys.readouterr().out
    assert said.startswith("Your own broker, stage 05: 5 of 11 promises hold.\n  ✓ Every subscr")
    assert "The first that is broken: Dead subscribers" in said
    mine.write_bytes(given_state("05").read_bytes())
    check_my_broker("05")
    assert capsys.readouterr().out == "Your own broker, stage 05: all 11 promises hold.\n"


def test_what_a_learner_wrote_is_never_overwritten(mine: Path, capsys):
    for number, words in enumerate(("# mine", "# mine, too"), start=1):
        mine.write_text(words)
        make_if_missing(mine)
        assert mine.read_text() == words
        start_my_broker_at("06")
        name = f"my_broker.mine{number if number > 1 else ''}.py"
        assert (mine.with_name(name)).read_text() == words
        assert f"kept beside it, as {name}" in " ".join(capsys.readouterr().out.split())


def test_the_finished_one_can_be_had(mine: Path):
    start_my_broker_at(FINISHED)
    assert mine.read_bytes() == given_state("10").read_bytes()


def test_a_stage_that_is_none_is_refused_with_the_remedy(mine: Path):
    with pytest.raises(ValueError, match=r"a stage in each of .* and none in '4'"):
        check_my_broker("4")
    with pytest.raises(ValueError, match=r"can be started at 03, 05, .*, 12, and not at '04'"):
        start_my_broker_at("04")
