"""An inbox passes CPython's own tests of `asyncio.Queue`, as far as they are true of it.

The tests come with the interpreter. They make their queues by `asyncio.Queue(...)`; here that makes
an inbox, and where the bound is 0, which to a queue means none, a roomy one. What an inbox does
otherwise on purpose is listed with the reason.
"""

import asyncio
import types
import unittest
import unittest.mock
from collections.abc import Sized

import pytest

from pubsub_lib import AsyncPubSub, Inbox, PubSubClosed

test_queues = pytest.importorskip(
    "test.test_asyncio.test_queues",
    reason="this interpreter comes without its own tests",
    exc_type=ImportError,
)

ROOMY = 1_000

ITS_OWN_TEXT = "an inbox says in its own words what it is"
PRIVATE = "changes or shows private parts of asyncio.Queue"
DOES_NOT_APPLY = {
    "test_repr": ITS_OWN_TEXT,
    "test_str": ITS_OWN_TEXT,
    "test_generic_alias": "Inbox[int] is an alias of another kind",
    "test_get_with_putters": PRIVATE,
    "test_format": PRIVATE,
    "test_float_maxsize": "a bound that is no whole number is refused",
    "test_shutdown_immediate_with_unfinished": "who leaves at once is waited for by nobody, so "
    "join() returns",
    "test_shutdown_immediate": "who leaves at once may mark as done what it was handling, so "
    "task_done() never raises",
}


def new_inbox(maxsize: int = 0) -> Inbox:
    return AsyncPubSub(maxsize=maxsize or ROOMY, timeout=None).subscribe()


class InboxAsQueue:
    """An inbox that says that it is closed, and who waits, as a queue does.

    That is by raising `QueueShutDown`, and by private attributes whose length some tests ask for.
    """

    def __init__(self, maxsize: int = 0) -> None:
        self._inbox = new_inbox(maxsize)

    def __getattr__(self, name: str) -> object:
        return getattr(self._inbox, name)

    @property
    def _getters(self) -> Sized:
        return self._inbox._state.readers

    @property
    def _putters(self) -> Sized:
        return self._inbox._state._line

    async def get(self) -> object:
        return self._unless_ended(await self._inbox.get())

    def get_nowait(self) -> object:
        return self._unless_ended(self._inbox.get_nowait())

    async def put(self, message: object) -> None:
        try:
            await self._inbox.put(message)
        except PubSubClosed:
            raise asyncio.QueueShutDown from None

    def put_nowait(self, message: object) -> None:
        try:
            self._inbox.put_nowait(message)
        except PubSubClosed:
            raise asyncio.QueueShutDown from None

    @staticmethod
    def _unless_ended(message: object) -> object:
        if message is None:
            raise asyncio.QueueShutDown
        return message


class OnInboxes:
    """Has the tests of a class make inboxes, and skips those that are not true of one."""

    q_class = staticmethod(new_inbox)

    def setUp(self) -> None:
        if reason := DOES_NOT_APPLY.get(self._testMethodName):
            self.skipTest(reason)
        with_inboxes = types.SimpleNamespace(**vars(asyncio))
        with_inboxes.Queue = self.q_class
        patch = unittest.mock.patch.object(test_queues, "asyncio", with_inboxes)
        patch.start()
        self.addCleanup(patch.stop)
        super().setUp()


class TestBasics(OnInboxes, test_queues.QueueBasicTests):
    pass


class TestGet(OnInboxes, test_queues.QueueGetTests):
    q_class = InboxAsQueue


class TestPut(OnInboxes, test_queues.QueuePutTests):
    q_class = InboxAsQueue


class TestJoin(OnInboxes, test_queues.QueueJoinTests):
    pass


if hasattr(test_queues, "QueueShutdownTests"):  # since Python 3.13

    class TestShutdown(OnInboxes, test_queues.QueueShutdownTests):
        q_class = InboxAsQueue


def test_the_tests_that_run_make_inboxes_and_no_queues():
    made = []

    class Watched(OnInboxes, test_queues.QueueBasicTests):
        @staticmethod
        def q_class(*args: int) -> Inbox:
            made.append(new_inbox(*args))
            return made[-1]

    result = unittest.TestResult()
    Watched("test_order").run(result)
    assert result.testsRun == 1
    assert result.wasSuccessful()
    assert [type(queue) for queue in made] == [Inbox]


def test_what_is_listed_as_not_applying_exists():
    tests = {
        name
        for test_class in vars(test_queues).values()
        if isinstance(test_class, type)
        for name in dir(test_class)
    }
    if not hasattr(test_queues, "QueueShutdownTests"):
        tests |= {"test_shutdown_immediate", "test_shutdown_immediate_with_unfinished"}
    assert set(DOES_NOT_APPLY) <= tests
