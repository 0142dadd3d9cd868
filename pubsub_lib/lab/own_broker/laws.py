"""What has to be true of every program, whatever it does, and how one sees a promise broken.

>>> first_broken(Played(ended_s=1.0), "10") is None
True
>>> {law.promise.fault for law in LAWS} >= {f"D{number}" for number in range(1, 12)}
True
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

from pubsub_lib.lab.own_broker.played import Member, Played, Sent
from pubsub_lib.lab.own_broker.playing import LONG_S
from pubsub_lib.lab.own_broker.stages import promises_until
from pubsub_lib.lab.promises.promise import Promise
from pubsub_lib.lab.promises.stages import (
    batches,
    bound,
    ending,
    fan_out,
    joining_and_leaving,
    last_value,
    overflow,
)
from pubsub_lib.overflow import Overflow

WAITS_S = 1.0
"""How long a publish may wait in all, in seconds, as every broker here has it."""


@dataclass(frozen=True, slots=True)
class Law:
    """Something that is true of every program over a broker that keeps a promise.

    Attributes:
        promise: the promise.
        breaches: yields, in plain words, where a program breaks it.
    """

    promise: Promise
    breaches: Callable[[Played], Iterator[str]]


def first_broken(
    played: Played, notebook: str, laws: "tuple[Law, ...]" = ()
) -> tuple[Law, str] | None:
    """Return the first law that a program has broken, and how; `None` if it has broken none.

    Args:
        played: what came of the program.
        notebook: up to which stage laws count.
        laws: which ones to look at; all, if none are given.
    """
    promised = promises_until(notebook)
    for law in laws or LAWS:
        if law.promise in promised:
            for reason in law.breaches(played):
                return law, reason
    return None


def _who_read_on(sent: Sent) -> list[Member]:
    """Who was there at a publish, and read all the time: has room, and is owed the message.

    Where nobody waits, only those have room who had it when it began.
    """
    return [
        each
        for each in sent.members
        if each.always_read and not each.left and (not sent.nowait or each in sent.had_room)
    ]


def _refused(played: Played, sent: Sent) -> bool:
    """Whether a publish was told rightly that somebody had no room."""
    may_be = played.overflow is Overflow.RAISE and (sent.nowait or not sent.nobody_stalled)
    return may_be and sent.error == "PubSubFull"


def _sent_in_time(played: Played) -> list[Sent]:
    return [sent for sent in played.messages if not sent.after_the_end]


def _displaces(played: Played) -> bool:
    return played.overflow is Overflow.DROP_OLDEST


def _unread_are_safe(played: Played) -> bool:
    """Whether nothing displaces at once what somebody is only about to read."""
    return not (_displaces(played) and any(sent.nowait for sent in played.messages))


def _missed(played: Played) -> Iterator[str]:
    safe = _unread_are_safe(played)
    for sent in _sent_in_time(played):
        failed = sent.error and not _refused(played, sent)
        if not sent.cancelled and not sent.left_meanwhile and not failed and safe:
            for member in _who_read_on(sent):
                if (times := member.got.count(sent.number)) != 1:
                    got = f"got message {sent.number} {times} times"
                    never = f"never got message {sent.number}"
                    yield (
                        f"subscriber {member.number} reads all the time, and "
                        f"{got if times else never}"
                    )


def _raised(played: Played) -> Iterator[str]:
    for sent in _sent_in_time(played):
        if sent.error and not _refused(played, sent):
            yield f"{_call(sent)} raised {sent.error}"


def _call(sent: Sent) -> str:
    return f"publish{'_nowait' if sent.nowait else ''}({sent.number})"


def _fan_out(played: Played) -> Iterator[str]:
    yield from _raised(played)
    yield from _missed(played)


def _waited_too_long(played: Played) -> Iterator[str]:
    for sent in _sent_in_time(played):
        if not sent.cancelled and (sent.took_s is None or sent.took_s > WAITS_S + 1e-9):
            took = "never came back" if sent.took_s is None else f"took {sent.took_s:g} s"
            yield f"publish({sent.number}) {took}; 1 s is the most, however many are full"


def _other_order(played: Played) -> Iterator[str]:
    for one, other in combinations(played.subscribers, 2):
        both = set(one.got) & set(other.got)
        orders = [[number for number in each.got if number in both] for each in (one, other)]
        if orders[0] != orders[1]:
            yield (
                f"subscriber {one.number} read {orders[0]}, and subscriber {other.number} read "
                f"{orders[1]}"
            )


def _cancelled_by_halves(played: Played) -> Iterator[str]:
    safe = _unread_are_safe(played)
    for sent in _sent_in_time(played):
        owed = [member for member in _who_read_on(sent) if member in sent.had_room]
        without = [str(each.number) for each in owed if sent.number not in each.got]
        if sent.cancelled and safe and 0 < len(without) < len(owed):
            yield (
                f"publish({sent.number}) was cancelled; others with room have got the message, and "
                f"subscriber {', '.join(without)} has not"
            )
        for member in sent.kept_out:
            if safe and sent.number in [*member.got, *member.unread]:
                yield (
                    f"publish({sent.number}) was cancelled while subscriber {member.number} had no "
                    "room, and it got the message afterwards"
                )


def _nowait_lost(played: Played) -> Iterator[str]:
    for sent in _sent_in_time(played):
        for member in sent.had_room:
            has_it = sent.number in [*member.got, *member.unread]
            lost_later = member.left or member.overtaken or _displaces(played)
            if sent.nowait and not has_it and not lost_later:
                yield (
                    f"subscriber {member.number} had room, and did not get message {sent.number} "
                    "of publish_nowait()"
                )


def _newest_lost(played: Played) -> Iterator[str]:
    if _displaces(played) and all(each.error for each in played.messages if each.after_the_end):
        over = [one for one in played.accepted if not one.after_the_end and one.took_s is not None]
        for sent in [each for each in over if not each.cancelled and not each.error][-1:]:
            for member in sent.members:
                if not member.left and sent.number not in [*member.got, *member.unread]:
                    yield (
                        f"message {sent.number} was the last, and subscriber {member.number} has "
                        f"{member.unread or member.got}"
                    )


def _lost_in_silence(played: Played) -> Iterator[str]:
    for sent in _sent_in_time(played) if played.overflow is Overflow.RAISE else ():
        if sent.took_s is not None and not sent.cancelled and not sent.error:
            for member in sent.members:
                if not member.left and sent.number not in [*member.got, *member.unread]:
                    yield (
                        f"{_call(sent)} raised nothing, and subscriber {member.number} has not got "
                        "the message"
                    )


def _too_many_timers(played: Played) -> Iterator[str]:
    for sent in played.messages:
        if sent.timers > 1:
            yield f"publish({sent.number}) set {sent.timers} timers; one is enough"


def _published_after_the_end(played: Played) -> Iterator[str]:
    for sent in played.messages:
        if sent.after_the_end and not sent.cancelled and sent.error != "PubSubClosed":
            raised = f"raised {sent.error}" if sent.error else "raised nothing"
            yield f"publish({sent.number}) came after shutdown() and {raised}, not PubSubClosed"


def _joined_after_the_end(played: Played) -> Iterator[str]:
    for name in played.late_joins:
        if name != "PubSubClosed":
            raised = f"raised {name}" if name else "raised nothing"
            yield f"subscribe() came after shutdown() and {raised}, not PubSubClosed"


def _none_accepted(played: Played) -> Iterator[str]:
    for name in played.none_refused:
        if name not in ("TypeError", "PubSubClosed"):
            raised = f"raised {name}" if name else "raised nothing"
            yield f"publish(None) {raised}, not TypeError"


def _never_joined(played: Played) -> Iterator[str]:
    for member in played.subscribers:
        if member.joined is False and not member.left and member.always_read:
            yield (
                f"subscriber {member.number} has marked all its messages as done and read the end, "
                "and join() does not return"
            )


def _ended_too_soon(played: Played) -> Iterator[str]:
    for member in played.subscribers:
        if played.ended_s is not None and member.always_read and not member.left:
            late = [one for one in member.handled_s if one > played.ended_s + 1e-9]
            if late:
                yield (
                    f"shutdown() had returned before subscriber {member.number}, which reads all "
                    f"the time, had handled {len(late)} of its messages"
                )


def _never_ended(played: Played) -> Iterator[str]:
    if played.ended_s is None:
        yield f"shutdown() has not returned after {LONG_S:g} s"
    for member in played.subscribers:
        if member.always_read and not member.left and not member.came_to_the_end:
            yield f"subscriber {member.number} reads all the time, and never comes to the end"


def _waited_for_the_gone(played: Played) -> Iterator[str]:
    for sent in _sent_in_time(played):
        if sent.nobody_stalled and not sent.cancelled and sent.took_s != 0:
            gone = [str(each.number) for each in played.subscribers if each.left]
            took = "never came back" if sent.took_s is None else f"took {sent.took_s:g} s"
            busy = any(len(each.got) > len(each.handled_s) for each in sent.members)
            if gone and not busy and (sent.took_s is None or sent.took_s > 0.5):
                yield (
                    f"publish({sent.number}) {took}, though all who are left read; subscriber "
                    f"{', '.join(gone)} is gone"
                )


def _counted_the_gone(played: Played) -> Iterator[str]:
    for sent in _sent_in_time(played):
        if any(each.left for each in played.subscribers) and sent.delivered > sent.there:
            yield (
                f"{_call(sent)} says that {sent.delivered} have got the message, and {sent.there} "
                "were there; whoever closes its inbox is to be taken off the broker"
            )


def _missed_since_somebody_left(played: Played) -> Iterator[str]:
    safe = _unread_are_safe(played)
    for sent in _sent_in_time(played):
        if sent.left_meanwhile and not sent.cancelled and not sent.error and safe:
            for member in _who_read_on(sent):
                if sent.number not in member.got:
                    yield (
                        f"while publish({sent.number}) waited somebody left, and subscriber "
                        f"{member.number}, which reads all the time, has missed the message"
                    )


def _came_too_early(played: Played) -> Iterator[str]:
    for member in played.subscribers:
        if member.replayed is None:
            continue
        if early := member.before.intersection(member.got).difference(member.replayed):
            yield (
                f"subscriber {member.number} joined when others had read message {min(early)}, and "
                "got it, too"
            )


def _bad_batches(played: Played) -> Iterator[str]:
    for member in played.subscribers:
        if member.bad_batch:
            yield f"subscriber {member.number} got {member.bad_batch}"


def _done_too_soon(played: Played) -> Iterator[str]:
    for member in played.subscribers:
        if member.done_too_soon:
            yield (
                f"join() returned while subscriber {member.number} was handling its batch: it "
                "counted as handled before the next one was asked for"
            )


def _not_replayed(played: Played) -> Iterator[str]:
    for member in played.subscribers:
        if member.replayed and member.always_read and not member.left:
            first = member.got[: len(member.replayed)]
            if first != member.replayed:
                yield (
                    f"subscriber {member.number} asked for the last message, {member.replayed}, "
                    f"and began with {first}"
                )


LAWS = (
    Law(fan_out.every_subscriber_reads_every_message, _fan_out),
    Law(overflow.any_number_of_dead_subscribers_costs_one_second, _waited_too_long),
    Law(overflow.publish_nowait_never_waits, _nowait_lost),
    Law(overflow.dropping_the_oldest_keeps_the_newest, _newest_lost),
    Law(overflow.raising_tells_the_publisher_and_harms_nobody_else, _lost_in_silence),
    Law(fan_out.everybody_sees_two_publishers_in_the_same_order, _other_order),
    Law(overflow.a_cancelled_publish_has_reached_all_who_had_room_or_nobody, _cancelled_by_halves),
    Law(bound.a_publish_that_waits_sets_one_timer_and_cancels_it, _too_many_timers),
    Law(ending.nothing_can_be_published_after_shutdown, _published_after_the_end),
    Law(ending.nobody_can_subscribe_after_shutdown, _joined_after_the_end),
    Law(ending.none_cannot_be_published, _none_accepted),
    Law(ending.join_returns_after_the_end, _never_joined),
    Law(ending.shutdown_returns_when_everything_was_handled, _ended_too_soon),
    Law(ending.shutdown_does_not_hang_on_one_that_is_full, _never_ended),
    Law(joining_and_leaving.one_that_left_by_an_error_costs_nothing, _waited_for_the_gone),
    Law(joining_and_leaving.closing_releases_the_publisher_that_waits, _counted_the_gone),
    Law(
        joining_and_leaving.leaving_during_a_publish_makes_nobody_miss_the_message,
        _missed_since_somebody_left,
    ),
    Law(joining_and_leaving.a_newcomer_gets_no_message_that_others_have_already, _came_too_early),
    Law(batches.a_batch_is_all_that_waits, _bad_batches),
    Law(batches.asking_for_the_next_batch_says_that_the_last_is_handled, _done_too_soon),
    Law(last_value.a_newcomer_gets_the_last_messages_first, _not_replayed),
)
"""All of them, in the order of the course."""
