"""The tree that leads from a subject to its takers, against the filter that asks each of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pubsub_lib.in_process.subject_tree import SubjectTree
from pubsub_lib.subjects import Published, subject_filter
from tests.in_process.modelling import examples
from tests.patterns import patterns, subjects

dotted_patterns, dotted_subjects = patterns.map(".".join), subjects.map(".".join)


@examples
@given(
    st.lists(st.tuples(dotted_patterns, st.booleans()), max_size=12),
    st.lists(dotted_subjects, max_size=6),
)
def test_the_tree_finds_whom_the_filters_let_through_and_each_once(joined, subjects):
    tree = SubjectTree[int]()
    for number, (pattern, _) in enumerate(joined):
        tree.add(pattern, number)
    for number, (pattern, leaves) in enumerate(joined):
        if leaves:
            tree.remove(pattern, number)
    for subject in subjects:
        assert sorted(tree.takers(subject)) == [
            number
            for number, (pattern, leaves) in enumerate(joined)
            if not leaves and subject_filter(pattern)(Published(subject, None))
        ]


@examples
@given(st.lists(dotted_patterns, min_size=1, max_size=12), st.randoms())
def test_of_those_that_left_nothing_is_kept_in_whatever_order_they_go(joined, random):
    tree = SubjectTree[int]()
    for number, pattern in enumerate(joined):
        tree.add(pattern, number)
    leaving = list(enumerate(joined))
    random.shuffle(leaving)
    for number, pattern in leaving:
        assert tree
        tree.remove(pattern, number)
    assert not tree


def test_those_of_one_pattern_are_found_in_the_order_of_adding():
    tree = SubjectTree[int]()
    for taker in (3, 1, 2):
        tree.add("a.*", taker)
    tree.remove("a.*", 1)
    tree.add("a.*", 1)
    assert tree.takers("a.b") == [3, 2, 1]


@pytest.mark.parametrize("pattern", ["b", "a", "a.b.c"])
def test_one_that_is_not_there_cannot_leave(pattern):
    tree = SubjectTree[str]()
    tree.add("a.b", "taker")
    with pytest.raises(KeyError):
        tree.remove(pattern, "taker")
    assert tree.takers("a.b") == ["taker"]


def test_a_subject_may_be_as_long_as_it_likes():
    tree = SubjectTree[str]()
    subject = ".".join(["a"] * 100_000)
    tree.add(subject, "its taker")
    tree.add("a.>", "another")
    assert tree.takers(subject) == ["another", "its taker"]
    tree.remove(subject, "its taker")
    assert tree.takers(subject) == ["another"]
