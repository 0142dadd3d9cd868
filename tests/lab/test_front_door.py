"""What learners type comes from `pubsub_lib.lab` in one line, each name from its module."""

from importlib import import_module

import pytest

from pubsub_lib import lab

NAMES = sorted(lab._MODULE_OF)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_the_one_of_its_module(name):
    module = import_module(f"pubsub_lib.lab.{lab._MODULE_OF[name]}")
    assert getattr(lab, name) is getattr(module, name)


def test_no_name_stands_for_two_things():
    assert sum(map(len, lab._NAMES_IN.values())) == len(NAMES)


def test_every_name_is_offered_for_completion():
    assert set(NAMES) <= set(dir(lab))


def test_a_name_that_is_not_there_is_named():
    with pytest.raises(AttributeError, match="has no attribute 'no_such_name'"):
        _ = lab.no_such_name
