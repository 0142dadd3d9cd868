"""Sixteen threads publish while the event loop comes to its end, with a shutdown and without."""

import pytest

from pubsub_lib import AsyncPubSub, RingPubSub
from tests.drills import by_form
from tests.in_process.test_threads import ENDS, settle_all

MESSAGES = by_form(short=20_000, long=200_000)
THREADS = 16
LIMIT_S = by_form(short=300, long=1800)

pytestmark = [pytest.mark.drill, pytest.mark.timeout(LIMIT_S)]


@pytest.mark.parametrize("broker_class", [AsyncPubSub, RingPubSub])
@pytest.mark.parametrize("wait", [True, False])
@pytest.mark.parametrize("end", ENDS)
def test_every_future_is_settled_whatever_ends_first(broker_class, wait, end, caplog, recwarn):
    settled = settle_all(
        broker_class,
        wait=wait,
        end=end,
        threads=THREADS,
        each=MESSAGES // THREADS,
        before_the_end=MESSAGES // 2,
    )
    print(settled)
    assert sum(settled.values()) >= MESSAGES // 2
    assert not [record for record in caplog.records if record.name == "asyncio"]
    assert not [each for each in recwarn if "never awaited" in str(each.message)]
