"""What cannot be copied says so, and what to do instead: a copy would share what is one's own."""

import copy
import pickle

import pytest

from pubsub_lib import AsyncPubSub, RingPubSub
from pubsub_lib.caching.cache import LRUCache
from pubsub_lib.caching.replicas import CacheReplica, CacheWriter
from pubsub_lib.handlers import HandlerGroup
from tests.stepping import in_virtual_time

each_way = pytest.mark.parametrize("make_copy", [copy.copy, copy.deepcopy, pickle.dumps])


@each_way
@pytest.mark.parametrize("broker_class", [AsyncPubSub, RingPubSub])
@in_virtual_time
async def test_what_reads_a_subscription_is_not_copied_or_it_would_be_marked_as_handled_twice(
    make_copy, broker_class
):
    inbox = broker_class().subscribe()
    for iterator in (aiter(inbox), inbox.batches()):
        with pytest.raises(TypeError, match=r"cannot be copied .* read with this one"):
            make_copy(iterator)


@each_way
@pytest.mark.parametrize(
    ("thing", "remedy"),
    [
        (LRUCache[str, int](2), "fill another one"),
        (CacheReplica[str, int](AsyncPubSub(), lambda key: None), "create another"),
        (CacheWriter[str, int](AsyncPubSub(), "mint"), "with a new name"),
        (HandlerGroup[int](AsyncPubSub()), "hand on this one"),
    ],
)
def test_what_has_tasks_keys_or_a_count_of_its_own_is_not_copied(make_copy, thing, remedy):
    with pytest.raises(TypeError, match=rf"{type(thing).__name__} cannot be copied .* {remedy}"):
        make_copy(thing)


@pytest.mark.parametrize("broker_class", [AsyncPubSub, RingPubSub])
@in_virtual_time
async def test_a_broker_and_a_subscription_say_why_they_cannot_be_copied_and_what_to_do(
    broker_class,
):
    broker = broker_class()
    inbox = broker.subscribe()
    with pytest.raises(TypeError) as raised:
        copy.copy(broker)
    assert str(raised.value) == (
        f"this {broker_class.__name__} cannot be copied or sent to another process, since its "
        "subscribers are here; hand on this one, or create another"
    )
    with pytest.raises(TypeError) as raised:
        copy.copy(inbox)
    assert str(raised.value) == (
        "a subscription cannot be copied or sent to another process, since its messages come to "
        "it alone; hand on this one, or subscribe once more"
    )
