"""Experiments: a hang and a refusal are results, a mistake in the experiment is not."""

import asyncio

import pytest

from pubsub_lib import AsyncPubSub, ChapterPubSub, PubSubClosed
from pubsub_lib.lab.clock.virtual_time import Deadlock
from pubsub_lib.lab.lesson.experiments import outcome, run_experiments


async def wait_for_a_message(new_broker):
    return await (await new_broker().subscribe()).get()


async def publish_after_shutdown(new_broker):
    broker = new_broker()
    await broker.shutdown()
    return await broker.publish(1)


async def fill_the_queue(new_broker):
    broker = new_broker(maxsize=1)
    _unread = await broker.subscribe()
    for number in range(3):
        await broker.publish(number)
    return f"{asyncio.get_running_loop().time():g} s"


def test_the_outcome_of_a_coroutine_is_its_result_on_the_virtual_clock(capsys):
    assert outcome(fill_the_queue, ChapterPubSub) == "2 s"
    assert capsys.readouterr().out == "Queue full, dropping message\n" * 2


def test_the_outcome_of_a_function_is_its_result():
    assert outcome(lambda new_broker: new_broker.__name__, AsyncPubSub) == "AsyncPubSub"


def test_the_outcome_of_a_hang_says_who_waits():
    hang = outcome(wait_for_a_message, ChapterPubSub)
    assert isinstance(hang, Deadlock)
    assert "- main: wait_for_a_message > Queue.get waits" in str(hang)


def test_the_outcome_of_a_refusal_is_the_error():
    assert isinstance(outcome(publish_after_shutdown, AsyncPubSub), PubSubClosed)


def test_a_mistake_in_an_experiment_is_raised():
    with pytest.raises(ZeroDivisionError):
        outcome(lambda new_broker: 1 / 0, AsyncPubSub)


def test_a_comparison_has_a_row_for_each_experiment_and_a_column_for_each_broker(capsys):
    comparison = run_experiments(
        {"fill": fill_the_queue, "hang": wait_for_a_message, "refuse": publish_after_shutdown},
        {"chapter": ChapterPubSub, "ours": AsyncPubSub},
    )
    assert comparison["fill"] == {"chapter": "2 s", "ours": "1 s"}
    assert comparison.of("chapter") == ["2 s", "hangs", "None"]
    assert comparison.of("ours") == ["1 s", "hangs", "raises PubSubClosed"]
    assert str(comparison).splitlines()[0] == "| | chapter | ours |"
    assert capsys.readouterr().out == ""


def test_what_several_have_read_stands_in_a_table_by_name():
    comparison = run_experiments(
        {"read": lambda _: {"till": [1], "website": []}}, {"ours": AsyncPubSub}
    )
    assert comparison["read"]["ours"] == "till: [1], website: []"


@pytest.mark.parametrize(("experiments", "brokers"), [({}, {"a": AsyncPubSub}), ({"a": len}, {})])
def test_an_empty_comparison_is_refused(experiments, brokers):
    with pytest.raises(ValueError, match="at least one experiment and one broker"):
        run_experiments(experiments, brokers)
