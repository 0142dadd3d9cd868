"""The naive publisher calls everybody while it holds the lock: what works, and fault D14."""

import threading

import pytest

from pubsub_lib import NaivePubSub

TIME_LIMIT_S = 10
A_WHILE_S = 0.2


def test_every_callback_gets_every_message_in_order():
    publisher = NaivePubSub()
    first, second = [], []
    publisher.subscribe(first.append)
    publisher.subscribe(second.append)
    publisher.publish("one")
    publisher.publish("two")
    assert first == second == ["one", "two"]


def test_callbacks_run_in_the_order_of_their_subscription_in_the_publishers_thread():
    publisher = NaivePubSub()
    calls = []
    for name in ("first", "second"):
        publisher.subscribe(
            lambda message, name=name: calls.append((name, threading.current_thread()))
        )
    publisher.publish("Hello")
    here = threading.current_thread()
    assert calls == [("first", here), ("second", here)]


def test_it_has_a_list_of_subscribers_and_a_lock():
    publisher = NaivePubSub()
    publisher.subscribe(print)
    assert publisher.subscribers == [print]
    assert isinstance(publisher.lock, type(threading.Lock()))


def test_a_message_published_to_nobody_is_gone():
    publisher = NaivePubSub()
    publisher.publish("nobody is there")
    late = []
    publisher.subscribe(late.append)
    assert late == []


def test_something_that_cannot_be_called_is_refused_at_once():
    with pytest.raises(TypeError, match=r"takes a function of one message, not 'Hello'"):
        NaivePubSub().subscribe("Hello")


def test_the_lock_is_free_again_after_a_publish():
    publisher = NaivePubSub()
    publisher.subscribe(lambda message: None)
    publisher.publish("Hello")
    assert not publisher.lock.locked()


@pytest.mark.parametrize(
    "re_enter",
    [
        pytest.param(lambda publisher: publisher.publish("again"), id="publish"),
        pytest.param(lambda publisher: publisher.subscribe(print), id="subscribe"),
    ],
)
def test_d14_a_callback_that_uses_the_publisher_waits_for_ever(re_enter):
    publisher = NaivePubSub()
    entered, returned = threading.Event(), threading.Event()

    def callback(message):
        entered.set()
        re_enter(publisher)
        returned.set()
        publisher.lock.acquire()  # for the outer publish, which will release it

    publisher.subscribe(callback)
    thread = threading.Thread(target=publisher.publish, args=("Hello",), daemon=True)
    thread.start()
    assert entered.wait(TIME_LIMIT_S)
    assert not returned.wait(A_WHILE_S)
    assert publisher.lock.locked()
    # Take the lock from its holder, which waits for it, so that no thread stays behind.
    publisher.subscribers = []
    publisher.lock.release()
    thread.join(TIME_LIMIT_S)
    assert returned.is_set()


def test_d14_a_callback_that_raises_starves_the_callbacks_after_it():
    publisher = NaivePubSub()
    first, third = [], []

    def broken(message):
        raise ValueError("broken")

    publisher.subscribe(first.append)
    publisher.subscribe(broken)
    publisher.subscribe(third.append)
    with pytest.raises(ValueError, match="broken"):
        publisher.publish("Hello")
    assert (first, third) == (["Hello"], [])


def test_d14_publishers_in_different_threads_run_one_after_another():
    publisher = NaivePubSub()
    guard = threading.Lock()
    inside, most_inside = 0, 0
    start = threading.Barrier(8)

    def callback(message):
        nonlocal inside, most_inside
        with guard:
            inside += 1
            most_inside = max(most_inside, inside)
        threading.Event().wait(0.005)  # anyone who could come in would come in now
        with guard:
            inside -= 1

    def publish():
        start.wait(TIME_LIMIT_S)
        publisher.publish("Hello")

    publisher.subscribe(callback)
    threads = [threading.Thread(target=publish) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIME_LIMIT_S)
    assert most_inside == 1


def test_d14_a_slow_callback_keeps_another_publisher_waiting():
    publisher = NaivePubSub()
    entered, go_on, second_done = threading.Event(), threading.Event(), threading.Event()

    def slow(message):
        entered.set()
        assert go_on.wait(TIME_LIMIT_S)

    def publish_second():
        publisher.publish("second")
        second_done.set()

    publisher.subscribe(slow)
    first = threading.Thread(target=publisher.publish, args=("first",))
    first.start()
    assert entered.wait(TIME_LIMIT_S)
    second = threading.Thread(target=publish_second)
    second.start()
    assert not second_done.wait(A_WHILE_S)
    go_on.set()
    assert second_done.wait(TIME_LIMIT_S)
    first.join(TIME_LIMIT_S)
    second.join(TIME_LIMIT_S)
