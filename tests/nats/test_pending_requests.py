"""Who waits for an answer of the server learns that none will come, or is cancelled itself."""

import asyncio

import pytest

from pubsub_lib.nats.pending_requests import PendingRequests
from tests.stepping import in_virtual_time, let_all_run


async def raises(error: Exception) -> None:
    raise error


@in_virtual_time
async def test_an_answer_is_returned_and_an_error_raised():
    requests = PendingRequests()
    assert await requests.unless_lost(asyncio.sleep(1, "answer")) == "answer"
    with pytest.raises(ValueError, match="refused"):
        await requests.unless_lost(raises(ValueError("refused")))


@in_virtual_time
async def test_all_who_wait_when_the_connection_is_lost_learn_that_no_answer_comes():
    requests = PendingRequests()
    asking = [asyncio.create_task(requests.unless_lost(asyncio.Event().wait())) for _ in range(3)]
    await let_all_run()
    requests.give_up()
    errors = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(error) for error in errors] == [ConnectionResetError] * 3


@in_virtual_time
async def test_who_is_cancelled_while_the_connection_is_lost_is_cancelled():
    requests = PendingRequests()
    asking = asyncio.create_task(requests.unless_lost(asyncio.Event().wait()))
    await let_all_run()
    requests.give_up()
    asking.cancel()
    await asyncio.wait([asking])
    assert asking.cancelled()


@in_virtual_time
async def test_who_asks_afterwards_gets_an_answer():
    requests = PendingRequests()
    requests.give_up()
    assert await requests.unless_lost(asyncio.sleep(1, "answer")) == "answer"


@in_virtual_time
async def test_a_refusal_reaches_those_whose_request_it_may_be_and_no_other():
    requests, refusal = PendingRequests(), ValueError("not allowed")
    request = asyncio.create_task(requests.unless_lost(asyncio.Event().wait(), may_be_refused=True))
    question = asyncio.create_task(requests.unless_lost(asyncio.sleep(1, "answer")))
    await let_all_run()
    requests.refuse(refusal)
    assert await asyncio.gather(request, question, return_exceptions=True) == [refusal, "answer"]
