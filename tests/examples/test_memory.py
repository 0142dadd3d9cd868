"""What the board remembers, exactly: none twice, none left out, and what is lost is counted."""

from hypothesis import given
from hypothesis import strategies as st

from examples.price_board.changes import Change
from examples.price_board.memory import Memory
from pubsub_lib import AsyncPubSub
from tests.stepping import in_virtual_time

FIRST = 1000
LENGTH = 5


async def remembering(symbols: list[str]) -> Memory:
    """A memory of one change of each of these symbols, one after the other."""
    broker = AsyncPubSub[Change](maxsize=100)
    memory = Memory(broker.subscribe(), first=FIRST, length=LENGTH)
    for number, symbol in enumerate(symbols, start=FIRST):
        await broker.publish(Change(number, symbol, float(number), sent=0.0))
    return memory


@in_virtual_time
async def test_a_newcomer_begins_with_the_last_of_each_symbol_oldest_first():
    memory = await remembering(["TEA", "COFFEE", "TEA"])
    opening = memory.opening(None)
    assert [(c.symbol, c.number) for c in opening.changes] == [("COFFEE", 1001), ("TEA", 1002)]
    assert not opening.has_gap


@given(
    symbols=st.lists(st.sampled_from(["TEA", "COFFEE", "COCOA"]), max_size=12),
    seen=st.integers(min_value=0, max_value=12),
)
@in_virtual_time
async def test_who_comes_back_misses_exactly_what_is_said(symbols, seen):
    seen = min(seen, len(symbols))
    memory = await remembering(symbols)
    opening = memory.opening(FIRST + seen - 1 if seen else FIRST)
    unseen = set(range(FIRST + max(seen, 1), FIRST + len(symbols)))
    sent = [change.number for change in opening.changes]
    assert sent == sorted(set(sent))
    if not symbols:
        assert (opening.has_gap, opening.missed) == (True, None)
    elif len(unseen) <= LENGTH:
        assert (set(sent), opening.has_gap) == (unseen, False)
    else:
        assert opening.has_gap
        assert opening.missed == len(unseen - set(sent)) > 0
        assert {change.symbol for change in opening.changes} == set(symbols)


@in_virtual_time
async def test_a_number_of_an_earlier_service_says_nothing_of_this_one():
    memory = await remembering(["TEA"])
    opening = memory.opening(FIRST - 1)
    assert (opening.has_gap, opening.missed) == (True, None)


@in_virtual_time
async def test_a_number_far_ahead_is_of_another_service_and_its_visitor_begins_anew():
    memory = await remembering(["TEA"])
    opening = memory.opening(FIRST + LENGTH + 1)
    assert [change.symbol for change in opening.changes] == ["TEA"]
    assert (opening.has_gap, opening.missed) == (True, None)


@in_virtual_time
async def test_who_is_ahead_is_sent_nothing_twice():
    memory = await remembering(["TEA"])
    assert memory.opening(FIRST + 5).changes == []


@in_virtual_time
async def test_what_a_network_has_lost_is_a_gap_though_later_ones_are_remembered():
    broker = AsyncPubSub[Change]()
    memory = Memory(broker.subscribe(), first=FIRST)
    for number in (FIRST, FIRST + 2):
        await broker.publish(Change(number, "TEA", 4.2, sent=0.0))
    opening = memory.opening(FIRST)
    assert (opening.has_gap, opening.missed) == (True, 1)
