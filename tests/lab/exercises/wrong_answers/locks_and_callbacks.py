"""Plausible wrong answers to the exercises of notebook 01, and what the check says to each."""

import contextlib
import threading

from pubsub_lib import NaivePubSub


def stops_at_the_first(callbacks, message):
    try:
        for callback in callbacks:
            callback(message)
    except Exception as error:
        return [error]
    return []


def hides_the_errors(callbacks, message):
    for callback in callbacks:
        with contextlib.suppress(Exception):
            callback(message)
    return []


def raises_at_the_end(callbacks, message):
    failure = None
    for callback in callbacks:
        try:
            callback(message)
        except Exception as error:
            failure = error
    if failure is not None:
        raise failure
    return []


def catches_the_stop_button(callbacks, message):
    errors = []
    for callback in callbacks:
        try:
            callback(message)
        except BaseException as error:
            errors.append(error)
    return errors


class ReentrantLockPubSub(NaivePubSub):
    def __init__(self):
        super().__init__()
        self.lock = threading.RLock()


class SnapshotUnderAReentrantLock(ReentrantLockPubSub):
    def publish(self, message):
        with self.lock:
            for callback in list(self.subscribers):
                callback(message)


class ListWithoutSnapshot(NaivePubSub):
    def publish(self, message):
        with self.lock:
            subscribers = self.subscribers
        for callback in subscribers:
            callback(message)


class NoLockAtAll(NaivePubSub):
    def subscribe(self, callback):
        self.subscribers.append(callback)

    def publish(self, message):
        for callback in list(self.subscribers):
            callback(message)


def names_the_exceptions_it_knows(callbacks, message):
    errors = []
    for callback in callbacks:
        try:
            callback(message)
        except (ValueError, KeyError, OSError) as error:
            errors.append(error)
    return errors


def keeps_one_error_of_each_kind(callbacks, message):
    errors = {}
    for callback in callbacks:
        try:
            callback(message)
        except Exception as error:
            errors[type(error)] = error
    return list(errors.values())


class CopyWithoutTheLock(NaivePubSub):
    def publish(self, message):
        for callback in list(self.subscribers):
            callback(message)


WRONG_ANSWERS = [
    ("01.1", stops_at_the_first, "each is to be called once"),
    ("01.1", hides_the_errors, "return the exceptions"),
    ("01.1", raises_at_the_end, "catch it"),
    ("01.1", catches_the_stop_button, "stop button"),
    ("01.1", names_the_exceptions_it_knows, "whatever Exception it is"),
    ("01.1", keeps_one_error_of_each_kind, "return the exceptions"),
    ("01.2", NaivePubSub, "with self.lock:"),
    ("01.2", ReentrantLockPubSub, "go through a copy"),
    ("01.2", SnapshotUnderAReentrantLock, "another thread cannot publish"),
    ("01.2", ListWithoutSnapshot, "go through a copy"),
    ("01.2", NoLockAtAll, "does not wait for another thread"),
    ("01.2", CopyWithoutTheLock, "take the lock for the copy"),
]
