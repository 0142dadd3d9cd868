"""What every broker must do: each kind of broker tries each promise that applies to it.

The promises are data, in `pubsub_lib/lab/promises/stages`, and so are the kinds. To hold another
broker to the contract, add it to the kinds: its traits say which promises it has to keep.
"""

from typing import Any

import pytest

from pubsub_lib.lab.promises import IN_PROCESS_KINDS, Kind, Promise, try_case, which_promises
from pubsub_lib.lab.promises.over_a_network import NETWORK_KINDS
from pubsub_lib.lab.promises.traits import Trait
from pubsub_lib.nats import why_no_server

KINDS = (*IN_PROCESS_KINDS, *NETWORK_KINDS)
NO_SERVER = why_no_server()


def in_short(value: object) -> str:
    """Return a value as part of a test's name, which is the same in every process."""
    return str(getattr(value, "__name__", value))


def trials() -> list[Any]:
    """Return the kinds, each with each case of what it promises, as parameters of a test."""
    skipped = pytest.mark.skipif(NO_SERVER is not None, reason=NO_SERVER or "")
    in_real_time = pytest.mark.real_time
    return [
        pytest.param(
            kind,
            promise,
            case,
            id="-".join([promise.name, *(in_short(value) for value in case.values()), kind.name]),
            marks=[skipped, in_real_time]
            if kind in NETWORK_KINDS
            else [in_real_time]
            if Trait.THREADS in promise.needs
            else [],
        )
        for kind in KINDS
        for promise in which_promises(kind)
        for case in promise.cases
    ]


@pytest.mark.parametrize(("kind", "promise", "case"), trials())
def test_the_broker_keeps_its_promise(kind: Kind, promise: Promise, case: dict[str, Any]):
    outcome = try_case(kind, promise, case)
    if not outcome.kept:
        raise AssertionError(str(outcome)) from outcome.error
