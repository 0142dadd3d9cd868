"""What the configuration of a stream, or of a consumer of it, means for who publishes and reads.

>>> asks_for(api.ConsumerConfig(filter_subject="rooms.>"), "rooms.kitchen.door")
True
"""

import re

from nats.js import api


def why_it_cannot_serve(config: api.StreamConfig, pattern: str) -> str:
    """Return which setting of a stream is in the way of keeping messages until they are handled.

    >>> why_it_cannot_serve(api.StreamConfig(subjects=["orders.>"], max_msgs=7), "orders.new")
    'with discard: old it would drop what is not handled'
    >>> why_it_cannot_serve(api.StreamConfig(subjects=["orders.*"]), "orders.new.eu")
    "it does not keep 'orders.new.eu'"
    >>> why_it_cannot_serve(api.StreamConfig(subjects=["orders.*"]), "orders.>")
    "it does not keep 'orders.>'"
    """
    subjects = [] if config.subjects is None else config.subjects
    if not any(_covers(each, pattern) for each in subjects):
        return f"it does not keep {pattern!r}"
    if config.retention == api.RetentionPolicy.WORK_QUEUE:  # as the server has spelt it
        return "with retention: workqueue only one subscription would get a message"
    if config.max_age:
        return "with max_age it would drop what is not handled"
    bounded = any((bound or 0) > 0 for bound in (config.max_msgs, config.max_bytes))
    if config.discard == api.DiscardPolicy.OLD and (bounded or config.max_msgs_per_subject > 0):
        return "with discard: old it would drop what is not handled"
    if config.no_ack:
        return "with no_ack it does not say what it has stored"
    if config.sealed:
        return "it is sealed"
    return ""


def asks_for(config: api.ConsumerConfig, subject: str) -> bool:
    """Return whether a consumer is sent what is published to this subject.

    >>> asks_for(api.ConsumerConfig(filter_subject="rooms.*"), "rooms.kitchen")
    True
    >>> asks_for(api.ConsumerConfig(filter_subjects=["a", "b"]), "rooms.kitchen")
    False
    >>> asks_for(api.ConsumerConfig(), "rooms.kitchen")
    True
    """
    patterns = config.filter_subjects or [config.filter_subject or ">"]
    return any(_covers(pattern, subject) for pattern in patterns)


def _covers(pattern: str, subject: str) -> bool:
    # A `*` stands for one word, and `>`, at the end, for one or more.
    expression = re.escape(pattern).replace(">", ".+").replace(r"\*", "[^.>]+")
    return re.fullmatch(expression, subject) is not None
