"""Subjects and patterns: NATS's rules, over every broker."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pubsub_lib import AsyncPubSub, Delivery, Message, PubSubClosed, RingPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.topics import Published, Topics, subject_filter
from tests.stepping import handle_all, in_virtual_time

every_broker = pytest.mark.parametrize("broker_class", [AsyncPubSub, RingPubSub])


def matches(pattern: str, subject: str) -> bool:
    return subject_filter(pattern)(Published(subject, None))


def matches_by_definition(pattern: list[str], subject: list[str]) -> bool:
    """Say so as the rules of NATS do: token by token."""
    if not pattern or not subject:
        return not pattern and not subject
    if pattern[0] == ">":
        return len(pattern) == 1
    return pattern[0] in ("*", subject[0]) and matches_by_definition(pattern[1:], subject[1:])


# A small alphabet, so that patterns and subjects meet; with what regular expressions treat apart.
words = st.text("ab+$\\[|", min_size=1, max_size=2)
subjects = st.lists(words, min_size=1, max_size=4)
patterns = st.builds(
    lambda tokens, rest: tokens + rest,
    st.lists(words | st.just("*"), min_size=1, max_size=4),
    st.sampled_from([[], [">"]]),
) | st.just([">"])


@given(patterns, subjects)
def test_matching_is_what_the_definition_says(pattern, subject):
    expected = matches_by_definition(pattern, subject)
    assert matches(".".join(pattern), ".".join(subject)) == expected


@given(subjects, st.data())
def test_a_subject_matches_each_pattern_made_from_it(subject, data):
    pattern = [data.draw(st.sampled_from([token, "*"])) for token in subject]
    assert matches(".".join(pattern), ".".join(subject))
    kept = data.draw(st.integers(0, len(subject) - 1))
    assert matches(".".join([*pattern[:kept], ">"]), ".".join(subject))


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("a.b", ["a.b"], ["a", "a.b.c", "a.c", "A.b", "a-b"]),
        ("a.*", ["a.b", "a.c"], ["a", "a.b.c", "b.a"]),
        ("*.b", ["a.b"], ["b", "a.b.b"]),
        ("a.>", ["a.b", "a.b.c"], ["a", "ab", "ab.c"]),
        ("*.>", ["a.b", "a.b.c"], ["a"]),
        (">", ["a", "a.b"], []),
    ],
)
def test_a_star_is_one_token_and_an_arrow_is_one_or_more(pattern, matching, others):
    assert all(matches(pattern, subject) for subject in matching)
    assert not any(matches(pattern, subject) for subject in others)


@pytest.mark.parametrize(
    ("pattern", "problem", "remedy"),
    [
        ("", "empty token", "put one '.' between tokens"),
        (".", "empty token", "put one '.' between tokens"),
        ("a..b", "empty token", "put one '.' between tokens"),
        (".a", "empty token", "none at the ends"),
        ("a.", "empty token", "none at the ends"),
        ("a b", "whitespace", "separate tokens by '.'"),
        ("a.\n", "whitespace", "separate tokens by '.'"),
        ("a\0", "whitespace", "separate tokens by '.'"),
    ],
)
def test_neither_a_pattern_nor_a_subject_has_empty_tokens_or_whitespace(pattern, problem, remedy):
    for make in (subject_filter, lambda subject: Published(subject, None)):
        with pytest.raises(ValueError, match=problem) as raised:
            make(pattern)
        assert repr(pattern) in str(raised.value)
        assert remedy in str(raised.value)


@pytest.mark.parametrize(
    ("pattern", "remedy"),
    [
        ("foo*", "put '*' in the place of 'foo*'"),
        ("a.b>", "put '*' in the place of 'b>'"),
        ("a.**.b", r"put '*' in the place of '**'"),
        ("a.>.b", "put it last, or use '*' for one token"),
        (">.>", "put it last, or use '*' for one token"),
    ],
)
def test_a_pattern_that_no_subject_can_match_is_an_error_that_names_the_remedy(pattern, remedy):
    with pytest.raises(ValueError, match="no subject matches") as raised:
        subject_filter(pattern)
    assert remedy in str(raised.value)


@pytest.mark.parametrize("subject", ["*", "a.*", "a.>", "a*", "prices.>b"])
def test_a_subject_with_a_wildcard_cannot_be_published_to(subject):
    with pytest.raises(ValueError, match="publish to a subject without"):
        Published(subject, None)


@pytest.mark.parametrize("value", [None, 7, b"a.b", ["a", "b"]])
def test_a_subject_and_a_pattern_are_strings(value):
    with pytest.raises(TypeError, match="a subject is a string such as"):
        Published(value, None)
    with pytest.raises(TypeError, match="a pattern is a string such as"):
        subject_filter(value)


@every_broker
def test_each_subscriber_gets_what_its_pattern_matches_with_the_subject_it_came_by(broker_class):
    subjects = ["a.x", "a.y", "b.x", "a.x.z", "b"]
    expected = {
        "a.x": ["a.x"],
        "a.*": ["a.x", "a.y"],
        "*.x": ["a.x", "b.x"],
        "a.>": ["a.x", "a.y", "a.x.z"],
        ">": subjects,
    }

    async def main() -> dict[str, list[Published[int]]]:
        async with asyncio.TaskGroup() as group, broker_class() as broker:
            topics = Topics(broker)
            readers = {
                pattern: group.create_task(handle_all(await topics.subscribe(pattern)))
                for pattern in expected
            }
            for subject in subjects:
                await topics.publish(subject, len(subject))
        return {pattern: reader.result() for pattern, reader in readers.items()}

    assert run_virtual(main()) == {
        pattern: [Published(subject, len(subject)) for subject in matching]
        for pattern, matching in expected.items()
    }


@in_virtual_time
async def test_a_full_inbox_for_another_subject_delays_nobody():
    async with AsyncPubSub[Published[int]](maxsize=1, timeout=None) as broker:
        topics = Topics(broker)
        async with topics.subscribe("a") as idle, topics.subscribe("b") as inbox:
            await topics.publish("a", 1)
            async with asyncio.timeout(1):
                for number in range(5):
                    await topics.publish("b", number)
                    assert inbox.get_nowait() == Published("b", number)
            assert idle.qsize() == 1


def test_a_delivery_counts_the_subscribers_whose_pattern_matches():
    async def main() -> list[Delivery]:
        async with AsyncPubSub[Published[int]]() as broker, asyncio.TaskGroup() as group:
            topics = Topics(broker)
            inboxes = [await topics.subscribe(pattern) for pattern in ("a.*", "a.>", "b")]
            deliveries = [await topics.publish(subject, 0) for subject in ("a.b", "b", "c")]
            for inbox in inboxes:
                inbox.shutdown()
                group.create_task(handle_all(inbox))
        return deliveries

    assert run_virtual(main()) == [Delivery(2), Delivery(1), Delivery(0)]


@every_broker
def test_a_subscriber_is_called_by_its_name(broker_class):
    async def main() -> str:
        async with broker_class() as broker, Topics(broker).subscribe("a", name="ada") as inbox:
            return inbox.name

    assert run_virtual(main()) == "ada"


@every_broker
def test_closing_is_the_brokers_business(broker_class):
    async def main() -> list[Published[str]]:
        broker = broker_class()
        topics = Topics(broker)
        async with asyncio.TaskGroup() as group:
            reader = group.create_task(handle_all(topics.subscribe("a")))
            await topics.publish("a", "last")
            await broker.shutdown()
        with pytest.raises(PubSubClosed):
            await topics.publish("a", "too late")
        with pytest.raises(PubSubClosed):
            topics.subscribe("a")
        return reader.result()

    assert run_virtual(main()) == [Published("a", "last")]


@every_broker
def test_two_layers_over_one_broker_share_its_messages(broker_class):
    async def main() -> Published[Message]:
        async with broker_class() as broker, Topics(broker).subscribe("a") as inbox:
            await Topics(broker).publish("a", Message("hello"))
            return await inbox.get()

    assert run_virtual(main()) == Published("a", Message("hello"))
