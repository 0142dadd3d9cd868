"""Every adapter delivers everything, and the benchmark says so when one does not.

What the page says is in `test_page.py`, and the comparison of two checkouts in `test_against.py`.
"""

from dataclasses import replace

import pytest

from pubsub_lib.nats import why_no_server

from .by_hand import AWAIT_PUT, BY_HAND, FLOOR, LIMITS, PUT_NOWAIT
from .figure import draw
from .library import CHAPTER, LIBRARY, QUEUES_EACH
from .measuring import (
    Undelivered,
    cost_ns,
    unloaded_latency,
    verify,
    wake_up_ns,
)
from .network import WAYS, Way, measure_network, network_report
from .peers import PEERS, installed_peers
from .reading import Reading
from .report import report
from .requirements import Requirement, judge
from .rounds import Quantity, Results, Sizes, measure
from .run import Run
from .systems import BOUND, LARGE_BOUND

SYSTEMS = [*LIBRARY, *BY_HAND]
MORE_THAN_THE_BOUND = 2 * BOUND + 50
TINY = Sizes(
    rounds=1,
    messages={1: 120, 10: 120},
    large_bound_messages=120,
    few_subscribers=10,
    unloaded_messages=3,
    saturated_messages=120,
    run_messages=120,
)
everybody = pytest.mark.parametrize("system", [*SYSTEMS, *PEERS], ids=lambda system: system.name)


def skip_unless_installed(system):
    if system not in [*SYSTEMS, *installed_peers()[0]]:
        pytest.skip(f"{system.distribution} is not installed; `make bench` installs it")


@everybody
def test_everyone_receives_every_message_in_order(system):
    skip_unless_installed(system)
    verify(system, subscribers=3, messages=MORE_THAN_THE_BOUND)
    unloaded_latency(system, subscribers=3, messages=3)


@everybody
def test_everyone_receives_every_message_in_order_with_a_large_bound(system):
    skip_unless_installed(system)
    verify(system, subscribers=3, messages=2 * LARGE_BOUND + 50, bound=LARGE_BOUND)


@everybody
def test_everyone_counts_more_messages_than_the_bound_one_by_one(system):
    skip_unless_installed(system)
    assert wake_up_ns(system, subscribers=3, messages=MORE_THAN_THE_BOUND) > 0


@pytest.mark.parametrize("messages", [1, BOUND - 1, BOUND, BOUND + 1, 2 * BOUND])
def test_the_floor_delivers_all_wherever_the_end_is(messages):
    verify(FLOOR, subscribers=3, messages=messages)


@pytest.mark.parametrize("system", [*SYSTEMS, *PEERS, *LIMITS], ids=lambda system: system.name)
def test_everyone_counts_every_message(system):
    if system not in LIMITS:
        skip_unless_installed(system)
    assert cost_ns(system, subscribers=3, messages=MORE_THAN_THE_BOUND) > 0


async def forget_the_first(source):
    await source.get()
    return await AWAIT_PUT.reading.count(source)


async def swap_the_first_two(source, receiver):
    first = await source.get()
    receiver.one(await source.get())
    receiver.one(first)
    await AWAIT_PUT.reading.hand_over(source, receiver)


def test_a_lost_message_stops_the_benchmark():
    loses = replace(AWAIT_PUT, reading=Reading(forget_the_first, AWAIT_PUT.reading.hand_over))
    with pytest.raises(Undelivered, match=r"subscriber 0 received \(2, b'2'\), not \(3, b'2'\)"):
        cost_ns(loses, subscribers=2, messages=3)


def test_a_message_out_of_order_stops_the_benchmark():
    swaps = replace(AWAIT_PUT, reading=Reading(AWAIT_PUT.reading.count, swap_the_first_two))
    with pytest.raises(Undelivered, match="3 messages, which are not the 3"):
        verify(swaps, subscribers=2, messages=3)


def test_the_report_and_the_picture_have_every_system():
    systems = [CHAPTER, PUT_NOWAIT, QUEUES_EACH, FLOOR]
    results = measure(systems, LIMITS, TINY, progress=lambda what: None)
    run = Run(results, TINY, "a machine", {}, seconds=1.0)
    text = report(run, systems, LIMITS)
    for table, names in (
        ("Speed", [system.name for system in (*systems, *LIMITS)]),
        ("Two bounds", [system.name for system in systems]),
        ("Latency", [system.name for system in systems]),
        ("Peak memory", [system.name for system in systems]),
    ):
        rows = text.split(f"**{table}**")[1].split("\n\n")[1].splitlines()[2:]
        assert sorted(row.split("|")[1].strip() for row in rows) == sorted(names)
    plot = draw(run, systems, LIMITS)
    assert plot.caption.startswith("With 10 subscribers, AsyncPubSub, async for is ")
    assert plot.png().startswith(b"\x89PNG")


FASTER = Requirement("faster than B", Quantity.COST, ["A"], ["B"], lambda times: times > 1)


@pytest.mark.parametrize(
    ("costs_of_a", "verdict"),
    [
        ((50, 50, 50), "yes"),
        ((200, 200, 200), "no"),
        ((50, 90, 200), "yes (close)"),
        ((50, 110, 200), "no (close)"),
    ],
)
def test_the_median_of_the_rounds_decides_and_rounds_that_differ_are_mentioned(costs_of_a, verdict):
    results = Results()
    for cost in costs_of_a:
        results.add(Quantity.COST, 10, "A", cost)
        results.add(Quantity.COST, 10, "B", 100)
    (judgement,) = judge(FASTER, results)
    assert judgement.met == verdict


def test_a_requirement_must_hold_for_every_number_of_subscribers_from_ten_on():
    results = Results()
    for subscribers, cost in ((1, 500), (10, 50), (100, 200)):
        results.add(Quantity.COST, subscribers, "A", cost)
        results.add(Quantity.COST, subscribers, "B", 100)
    (judgement,) = judge(FASTER, results)
    assert judgement.measured == {10: 2.0, 100: 0.5}
    assert judgement.met == "no"


def test_a_requirement_without_anything_to_compare_with_is_not_judged():
    results = Results()
    results.add(Quantity.COST, 10, "A", 50)
    (judgement,) = judge(FASTER, results)
    assert (judgement.measured, judgement.met) == ({}, "not measured")


NO_SERVER = why_no_server()
needs_a_server = pytest.mark.skipif(NO_SERVER is not None, reason=NO_SERVER or "")


@needs_a_server
def test_over_a_network_everyone_receives_every_message_and_is_in_the_report():
    text = network_report(measure_network(rounds=2, share=0.02))
    rows = text.split("\n\n")[1].splitlines()[2:]
    assert [row.split("|")[1].strip() for row in rows] == [way.name for way in WAYS]
    assert [row.split("|")[3].strip() for row in rows if "nats-py, callback" in row] == ["1.00"]


@needs_a_server
def test_a_message_lost_over_a_network_stops_the_benchmark():
    async def lose_one(url, messages):
        return 1.0, messages[1:]

    with pytest.raises(Undelivered, match="a leaky way: 9,999 of 10,000 messages"):
        measure_network(rounds=1, ways=[Way("a leaky way", lose_one)])


def test_the_median_of_the_ratios_decides_over_a_network():
    times = {way.name: [10.0, 20.0, 40.0] for way in WAYS}
    times["NatsPubSub, batches"] = [12.0, 26.0, 48.0]
    times["NatsPubSub, async for"] = [13.0, 24.0, 52.0]
    judged = {
        row.split("|")[1].strip(): [cell.strip() for cell in row.split("|")[3:6:2]]
        for row in network_report(times).splitlines()
        if row.startswith("| NatsPubSub")
    }
    assert judged == {
        "NatsPubSub, batches": ["1.20", "yes"],
        "NatsPubSub, async for": ["1.30", "no"],
    }


def test_what_is_saved_of_an_older_run_can_still_be_reported():
    times = {way.name: [10.0, 20.0] for way in WAYS}
    assert "publish_many is 1.0 times as fast" in network_report(times)
    del times["JetStreamPubSub, publish_many"]
    assert "publish_many" not in network_report(times)
