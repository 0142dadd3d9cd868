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
