"""What an error says, it says in a copy, too, as another process gets it."""

import copy
import pickle

import pytest

from pubsub_lib import Deliveries, Delivery, Disconnected, Lagged, PubSubClosed, PubSubFull

ERRORS = [
    PubSubClosed("this broker was shut down"),
    PubSubFull(Delivery(3)),
    PubSubFull(Deliveries(2, 3), "too many wait already"),
    Lagged(3),
    Disconnected(3),
]


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))]
)
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_copy_says_the_same(error, copied):
    error.add_note("as the relay saw it")
    again = copied(error)
    assert (type(again), str(again)) == (type(error), str(error))
    assert vars(again) == vars(error)
