"""What cannot be handled is set aside with its reason, harms nobody, and can be put back."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from pubsub_lib import HandlerGroup
from pubsub_lib.nats import (
    DeadLetter,
    JetStreamPubSub,
    MessageSetAside,
    NatsError,
    StreamFull,
    SubscriptionForgotten,
    UndecodablePayload,
)
from tests.nats.observing import LIMIT_S, Errors, eventually, soon, take

NAME = "billing"


@pytest.fixture
async def broker(url: str, subject: str, errors: Errors) -> AsyncIterator[JetStreamPubSub[int]]:
    """Gives a message up after three tries, which come one after another."""
    async with JetStreamPubSub[int](
        subject, url=url, ack_wait=600, max_tries=3, backoff=(0.01,), on_error=errors
    ) as broker:
        yield broker


async def set_aside(broker: JetStreamPubSub[int], count: int = 1) -> list[DeadLetter[int]]:
    """Return the dead letters, when there are so many of this broker."""
    await eventually(lambda: broker.network.dead_letters >= count)
    return await broker.dead_letters()


async def fail_on(broker: JetStreamPubSub[int], inbox, *messages: int) -> list[DeadLetter[int]]:
    """Publish messages, fail on them until they are dead letters, and return all of these."""
    before = broker.network.dead_letters
    for message in messages:
        await broker.publish(message)

    async def fail() -> None:
        async for _ in inbox:
            inbox.task_failed(LookupError("no such order"))

    failing = asyncio.create_task(fail())
    letters = await set_aside(broker, before + len(messages))
    failing.cancel()
    await asyncio.wait([failing])
    return letters


# After the last try.


async def test_a_handler_is_given_a_message_no_more_often_than_it_may_be_tried(
    broker, server, errors
):
    tries = []

    async def handle(message: int) -> None:
        if message == 1:
            tries.append(handler.subscription.tries)
            raise LookupError("no such order")

    async with HandlerGroup(broker, report=lambda failure: None) as handlers:
        handler = handlers.add(handle, name=NAME)
        await handler.subscription
        for number in range(3):
            await broker.publish(number)
        (letter,) = await set_aside(broker)
        await server.until_acknowledged(broker.subject, NAME)
        handler.subscription.close()
    assert tries == [1, 2, 3]
    assert (handler.handled, handler.failed) == (2, 3)
    assert (letter.message, letter.data) == (1, b"1")
    assert letter.reason == "LookupError: no such order"
    assert await server.kept(f"{broker.subject}_dead") == 1
    assert (letter.subscription, letter.tries) == (NAME, 3)
    (report,) = errors.of(MessageSetAside)
    assert (report.subscription, report.reason) == (NAME, letter.reason)


async def test_a_loop_that_always_raises_gets_on_to_the_next_message(broker):
    async def crash() -> None:
        async for number in inbox:
            if number == 1:
                raise LookupError
            handled.append(number)

    handled: list[int] = []
    crashes = 0
    async with broker.subscribe(name=NAME) as inbox:
        for number in (1, 2, 3):
            await broker.publish(number)
        reading = asyncio.create_task(crash())
        while broker.network.dead_letters == 0:
            if reading.done():
                assert isinstance(reading.exception(), LookupError)
                crashes += 1
                reading = asyncio.create_task(crash())
            await asyncio.sleep(0.001)
        await eventually(lambda: handled == [2, 3])
        reading.cancel()
        await asyncio.wait([reading])
    (letter,) = await broker.dead_letters()
    assert letter.reason == "its reader left it without a word"
    assert crashes == 3


async def test_without_a_limit_it_is_tried_for_ever(broker):
    async with broker.subscribe(name=NAME, max_tries=None) as inbox:
        await broker.publish(7)
        for tries in range(1, 8):
            await soon(inbox.get())
            assert inbox.tries == tries
            inbox.task_failed("not yet")
        assert broker.network.dead_letters == 0


async def test_what_fails_on_a_reader_without_a_name_is_set_aside_too(broker):
    async with broker.subscribe() as inbox:
        (letter,) = await fail_on(broker, inbox, 7)
    assert (letter.message, letter.subscription) == (7, "")


async def test_what_only_waited_is_not_set_aside_however_often_its_reader_left(url, subject):
    # What the server was sending to a reader that left comes after ack_wait.
    async with JetStreamPubSub[int](subject, url=url, ack_wait=0.5, max_tries=3) as broker:
        await broker.subscribe(name=NAME)
        await broker.publish(7)
        for _ in range(5):
            async with broker.subscribe(name=NAME) as inbox:
                await eventually(lambda inbox=inbox: inbox.qsize() == 1)
        async with broker.subscribe(name=NAME) as inbox:
            assert await soon(inbox.get()) == 7
            assert inbox.tries > 3
            inbox.task_done()
        assert broker.network.dead_letters == 0


async def test_what_was_delivered_far_too_often_without_a_word_is_set_aside(url, subject):
    # As if its readers died of it; ten such deliveries count as much as a failure.
    async with (
        JetStreamPubSub[int](
            subject, url=url, max_tries=1, ack_wait=0.02, on_error=Errors()
        ) as broker,
        broker.subscribe(name=NAME) as inbox,
    ):
        await broker.publish(7)
        await eventually(lambda: broker.network.dead_letters)
        (letter,) = await broker.dead_letters()
        assert letter.tries == 11
        inbox.close()


# What no reader can be given.


async def test_a_filter_that_raises_ends_no_reader_and_harms_no_other(broker, server, errors):
    async with (
        broker.subscribe(name="odd", where=lambda number: 1 / number) as odd,
        broker.subscribe(name="all") as everything,
    ):
        for number in range(3):
            await broker.publish(number)
        assert await take(odd, 2) == [1, 2]
        assert await take(everything, 3) == [0, 1, 2]
        (letter,) = await set_aside(broker)
        for name in ("odd", "all"):
            await server.until_acknowledged(broker.subject, name)
    assert (letter.message, letter.subscription) == (0, "odd")
    assert "ZeroDivisionError" in letter.reason
    assert len(errors.of(MessageSetAside)) == 1


async def test_a_filter_may_raise_what_would_end_a_loop(broker):
    def where(number: int) -> bool:
        if number:
            return True
        raise StopAsyncIteration

    async with broker.subscribe(name=NAME, where=where) as inbox:
        for number in range(2):
            await broker.publish(number)
        assert await take(inbox, 1) == [1]
        assert len(await set_aside(broker)) == 1


async def test_what_does_not_decode_is_one_dead_letter_for_all_readers(broker, server, errors):
    async with broker.subscribe(name="one") as one, broker.subscribe(name="two") as two:
        await server.jetstream.publish(broker.subject, b"gold: 1900")
        await broker.publish(7)
        assert await take(one, 1) == await take(two, 1) == [7]
        (letter,) = await set_aside(broker, 2)
        for name in ("one", "two"):
            await server.until_acknowledged(broker.subject, name)
    assert (letter.data, letter.message, letter.subscription) == (b"gold: 1900", None, "")
    assert {type(error) for error in errors} == {UndecodablePayload}


# Listed, put back, deleted.


async def test_dead_letters_are_listed_in_order_in_another_process_too(broker, url):
    async with broker.subscribe(name=NAME) as inbox:
        for number in range(3):
            await fail_on(broker, inbox, number)
    async with JetStreamPubSub[int](broker.subject, url=url) as another:
        letters = await another.dead_letters(limit=2)
        assert len(letters) == 2
        letters += await another.dead_letters(after=letters[-1].number)
        assert another.network.dead_letters == 0
    assert [letter.message for letter in letters] == [0, 1, 2]
    assert [letter.number for letter in letters] == [1, 2, 3]
    assert letters[0].set_aside_at <= letters[-1].set_aside_at


async def test_they_survive_a_server_that_is_killed(own_server):
    async with (
        JetStreamPubSub[int](
            "orders", url=own_server.url, max_tries=1, on_error=Errors()
        ) as broker,
        broker.subscribe(name=NAME) as inbox,
    ):
        await fail_on(broker, inbox, 7)
        await asyncio.to_thread(own_server.restart)
        assert [letter.message for letter in await broker.dead_letters()] == [7]


async def test_what_is_put_back_goes_to_the_subscription_that_failed_on_it(broker, server):
    async with broker.subscribe(name=NAME) as failing, broker.subscribe(name="other") as other:
        (letter,) = await fail_on(broker, failing, 7)
        assert await take(other, 1) == [7]
        await broker.put_back(letter)
        assert await take(failing, 1) == [7]
        await broker.publish(8)
        assert await take(other, 1) == await take(failing, 1) == [8]
        for name in (NAME, "other"):
            await server.until_acknowledged(broker.subject, name)
        assert await broker.dead_letters() == []


async def test_what_is_put_back_and_fails_again_is_set_aside_again(broker):
    async with broker.subscribe(name=NAME) as inbox:
        (letter,) = await fail_on(broker, inbox, 7)
        await broker.put_back(letter)
        for _ in range(3):
            assert await soon(inbox.get()) == 7
            inbox.task_failed("still no such order")
        (again,) = await set_aside(broker, 2)
    assert (again.message, again.number, again.subscription) == (7, letter.number + 1, NAME)


async def test_what_had_no_name_is_put_back_for_all(broker):
    async with broker.subscribe() as failing, broker.subscribe(name="other") as other:
        (letter,) = await fail_on(broker, failing, 7)
        assert await take(other, 1) == [7]
        await broker.put_back(letter)
        assert await take(other, 1) == await take(failing, 1) == [7]


async def test_what_is_not_there_any_more_cannot_be_put_back_or_deleted(broker):
    async with broker.subscribe(name=NAME) as inbox:
        (letter,) = await fail_on(broker, inbox, 7)
        await broker.delete_dead_letter(letter)
        assert await broker.dead_letters() == []
        for use in (broker.put_back, broker.delete_dead_letter):
            with pytest.raises(LookupError, match="put back or deleted"):
                await use(letter)
        assert inbox.empty()


async def test_one_of_several_that_is_not_there_any_more_cannot_be_put_back_or_deleted(broker):
    async with broker.subscribe(name=NAME) as inbox:
        (letter, *_) = await fail_on(broker, inbox, 7, 8)
        await broker.delete_dead_letter(letter)
        for use in (broker.put_back, broker.delete_dead_letter):
            with pytest.raises(LookupError, match=f"letter {letter.number} .*put back or deleted"):
                await use(letter)
        assert [each.message for each in await broker.dead_letters()] == [8]


async def test_one_that_may_not_be_deleted_is_said_to_be_so(broker, server):
    await server.jetstream.add_stream(
        name=f"{broker.subject}_dead", subjects=[f"dead.{broker.subject}"], deny_delete=True
    )
    async with broker.subscribe(name=NAME) as inbox:
        (letter,) = await fail_on(broker, inbox, 7)
        with pytest.raises(NatsError, match=f"of the stream '{broker.subject}_dead'"):
            await broker.delete_dead_letter(letter)
        assert await broker.dead_letters() == [letter]


async def test_one_message_is_stored_once_for_each_subscription_however_often(broker, server):
    async with broker.subscribe(name=NAME) as inbox:
        await broker.publish(7)
        assert await soon(inbox.get()) == 7
        (envelope,) = inbox._state.envelopes.all()
        for name in (NAME, NAME, "other"):
            assert await broker._dead_letters.put(envelope, "on purpose", name)
        letters = await broker.dead_letters()
        assert [letter.subscription for letter in letters] == [NAME, "other"]
        inbox.task_done()


async def test_what_is_being_set_aside_at_the_end_still_is(url, subject, monkeypatch):
    monkeypatch.setattr("pubsub_lib.nats.jetstream.leaving.LEAVING_TAKES_S", LIMIT_S)
    broker = JetStreamPubSub[int](subject, url=url, max_tries=1, on_error=Errors())
    async with broker.subscribe(name=NAME) as inbox:
        await broker.publish(7)
        await soon(inbox.get())
        inbox.task_failed("no such order")
        await broker.shutdown(timeout=0)
    async with JetStreamPubSub[int](subject, url=url) as another:
        assert [letter.message for letter in await another.dead_letters()] == [7]


async def test_what_is_put_back_is_not_taken_for_what_had_its_number_before(broker, url, server):
    async with broker.subscribe(name=NAME) as inbox:
        for number in (7, 8):
            (letter,) = await fail_on(broker, inbox, number)
            assert letter.number == 1
            # Another process each time, which has not listed them.
            another = JetStreamPubSub[int](broker.subject, url=url)
            await soon(another.put_back(letter))
            await another.shutdown()
            assert await take(inbox, 1) == [number]
            await server.jetstream.delete_stream(f"{broker.subject}_dead")
            await broker._dead_letters._stream._add()


async def test_nothing_is_put_back_for_nobody(broker):
    async with broker.subscribe(name=NAME) as inbox:
        (letter,) = await fail_on(broker, inbox, 7)
    await broker.forget(NAME)
    with pytest.raises(SubscriptionForgotten, match=NAME):
        await broker.put_back(letter)
    async with broker.subscribe() as inbox:
        await fail_on(broker, inbox, 8)
    with pytest.raises(NatsError, match="subscribe first"):
        await broker.put_back((await broker.dead_letters())[-1])
    assert [letter.message for letter in await broker.dead_letters()] == [7, 8]


async def test_another_process_can_put_back_what_it_has_not_listed_before_it_does_anything(
    broker, url
):
    async with broker.subscribe(name=NAME) as inbox:
        (letter,) = await fail_on(broker, inbox, 7)
        another = JetStreamPubSub[int](broker.subject, url=url)
        await soon(another.put_back(letter))
        await another.shutdown()
        assert await take(inbox, 1) == [7]


async def test_what_a_stranger_has_written_there_is_listed_as_such(broker, server):
    await broker.dead_letters()
    notes = ["[1]", "[" * 3_000, '["a", "b", 1e400]', f'["a", "b", {"9" * 5_000}]']
    for headers in (None, *({"Pubsub-Dead-Letter": note} for note in notes)):
        await server.jetstream.publish(f"dead.{broker.subject}", b"?", headers=headers)
    letters = await broker.dead_letters()
    assert [letter.reason.partition(":")[0] for letter in letters] == ["unknown"] * 5


async def test_a_message_that_cannot_be_set_aside_is_not_lost(url, subject, errors):
    async with (
        JetStreamPubSub[int](
            subject, url=url, max_tries=1, backoff=(0.01,), max_messages=1, on_error=errors
        ) as broker,
        broker.subscribe(name=NAME) as inbox,
    ):
        await fail_on(broker, inbox, 7)
        await broker.publish(8)
        await soon(inbox.get())
        inbox.task_failed("no such order")
        await errors.until(StreamFull)
        assert await soon(inbox.get()) == 8
        inbox.task_done()


async def test_it_is_logged_unless_told_otherwise(url, subject, caplog):
    caplog.set_level(logging.WARNING)
    async with (
        JetStreamPubSub[int](subject, url=url, max_tries=1) as broker,
        broker.subscribe(name=NAME) as inbox,
    ):
        await fail_on(broker, inbox, 7)
        await eventually(lambda: "LookupError: no such order" in caplog.text)


@pytest.mark.parametrize("max_tries", [0, -1, 1.5, True, "5"])
def test_a_limit_that_is_none_is_refused_at_once(max_tries):
    error = ValueError if max_tries in (0, -1) else TypeError
    with pytest.raises(error, match="max_tries"):
        JetStreamPubSub[int]("orders", max_tries=max_tries)
    with pytest.raises(error, match="max_tries"):
        JetStreamPubSub[int]("orders").subscribe(max_tries=max_tries)
