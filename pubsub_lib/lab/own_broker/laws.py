"""What has to be true of every program, whatever it does, and how one sees a promise broken.

>>> from pubsub_lib.lab.own_broker.playing import Played
>>> first_broken(Played(ended_s=1.0), "10") is None
True
>>> {law.promise.fault for law in LAWS} >= {f"D{number}" for number in range(1, 12)}
True
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

from pubsub_lib.lab.own_broker.playing import LONG_S, Member, Played, Sent
from pubsub_lib.lab.own_broker.stages import promises_until
from pubsub_lib.lab.promises.promise import Promise
from pubsub_lib.lab.promises.stages import bound, ending, fan_out, joining_and_leaving, overflow

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
    """Who was there at a publish, and read all the time: has room, and is owed the message."""
    return [each for each in sent.members if each.always_read and not each.left]


def _sent_in_time(played: Played) -> list[Sent]:
    return [sent for sent in played.messages if not sent.after_the_end]


def _missed(played: Played) -> Iterator[str]:
    for sent in _sent_in_time(played):
        if not sent.cancelled and not sent.left_meanwhile and not sent.error:
            for member in _who_read_on(sent):
                if (times := member.got.count(sent.number)) != 1:
                    yield (
                        f"subscriber {member.number} reads all the time, and got message "
                        f"{sent.number} {times} times"
                    )


def _raised(played: Played) -> Iterator[str]:
    for sent in _sent_in_time(played):
        if sent.error:
            yield f"publish({sent.number}) raised {sent.error}"


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
    for sent in _sent_in_time(played):
        owed = [member for member in _who_read_on(sent) if member in sent.had_room]
        without = [str(each.number) for each in owed if sent.number not in each.got]
        if sent.cancelled and 0 < len(without) < len(owed):
            yield (
                f"publish({sent.number}) was cancelled; others with room have got the message, and "
                f"subscriber {', '.join(without)} has not"
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


def _missed_since_somebody_left(played: Played) -> Iterator[str]:
    for sent in _sent_in_time(played):
        if sent.left_meanwhile and not sent.cancelled and not sent.error:
            for member in _who_read_on(sent):
                if sent.number not in member.got:
                    yield (
                        f"while publish({sent.number}) waited somebody left, and subscriber "
                        f"{member.number}, which reads all the time, has missed the message"
                    )


def _came_too_early(played: Played) -> Iterator[str]:
    for member in played.subscribers:
        if early := member.before.intersection(member.got):
            yield (
                f"subscriber {member.number} joined when others had read message {min(early)}, and "
                "got it, too"
            )


LAWS = (
    Law(fan_out.every_subscriber_reads_every_message, _fan_out),
    Law(overflow.any_number_of_dead_subscribers_costs_one_second, _waited_too_long),
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
    Law(
        joining_and_leaving.leaving_during_a_publish_makes_nobody_miss_the_message,
        _missed_since_somebody_left,
    ),
    Law(joining_and_leaving.a_newcomer_gets_no_message_that_others_have_already, _came_too_early),
)
"""All of them, in the order of the course."""
