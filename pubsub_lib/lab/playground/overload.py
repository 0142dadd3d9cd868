"""One overload with all its settings: what the playground runs, and says of it in a sentence.

Messages come on schedule for four seconds, faster than some subscribers can handle them. It runs on
the virtual clock and is cut off after the four seconds, so that also a publisher which is stuck for
ever can be looked at.

>>> overload = Overload(bound=50, timeout_s=0.0, overflow=Overflow.DROP_OLDEST)
>>> print(overload.settings())
100 messages per second, 1 slow subscriber of 20 ms, bound 50, never wait, then drop oldest
>>> recording = overload.run()
>>> print(recording.drops())
  subscriber  received  unread  dropped
0       fast       400       0        0
1       slow       201      49      150
>>> print(overload.findings(recording))
The publisher is on time. The fast subscriber gets 400 messages, at once. The slow one misses 150 \
of them, and reads what is up to 500 ms old.
"""

from dataclasses import dataclass

from pubsub_lib.in_process.queue_broker import AsyncPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.figures.captions import milliseconds
from pubsub_lib.lab.traffic.loads import open_loop
from pubsub_lib.lab.traffic.readers import Pace, Reader, dead_reader, fast_reader
from pubsub_lib.lab.traffic.readers import slow_reader as slow_reader_of
from pubsub_lib.lab.traffic.recordings import Recording
from pubsub_lib.lab.traffic.workloads import Sample, run_workload
from pubsub_lib.overflow import Overflow

SECONDS = 4.0  #: how long the traffic lasts
LONG_S = 1.0  # a publish that has waited for so long is worth a word


@dataclass(frozen=True, slots=True)
class Overload:
    """The settings of an overload: one fast subscriber, and some that are not.

    Attributes:
        publish_rate_hz: messages per second, on schedule.
        service_time_ms: how long each slow subscriber takes for a message, in milliseconds.
        bound: how many messages can wait in each inbox.
        timeout_s: how long a publish waits for full inboxes, in seconds; `None` for ever.
        overflow: what happens then.
        slow: how many subscribers are slow.
        dead: how many subscribers never read.
    """

    publish_rate_hz: int = 100
    service_time_ms: int = 20
    bound: int = 50
    timeout_s: float | None = 0.0
    overflow: Overflow = Overflow.DROP_NEWEST
    slow: int = 1
    dead: int = 0

    @property
    def messages(self) -> int:
        """How many messages are due in the four seconds."""
        return round(self.publish_rate_hz * SECONDS)

    def readers(self) -> list[Reader]:
        """Return the subscribers."""
        return [
            fast_reader(),
            *(
                slow_reader_of(name, service_time_s=self.service_time_ms / 1e3)
                for name in _names("slow", self.slow)
            ),
            *(dead_reader(name) for name in _names("dead", self.dead)),
        ]

    def run(self) -> Recording:
        """Run it on the virtual clock, and return what has happened after four seconds.

        Raises:
            ValueError, TypeError: if a setting is none that the broker or the workload accepts.
        """
        broker = AsyncPubSub[Sample](self.bound, timeout=self.timeout_s, overflow=self.overflow)
        load = open_loop(messages=self.messages, rate_hz=self.publish_rate_hz)
        return run_virtual(run_workload(broker, load, self.readers(), until_s=SECONDS))

    def settings(self) -> str:
        """Return the settings in words."""
        subscribers = [
            f"{_count(self.slow, 'slow subscriber')} of {self.service_time_ms} ms",
            _count(self.dead, "dead subscriber"),
        ]
        present = [words for words, n in zip(subscribers, (self.slow, self.dead), strict=True) if n]
        return ", ".join(
            [
                f"{self.publish_rate_hz} messages per second",
                *(present or ["only a fast subscriber"]),
                f"bound {self.bound}",
                self.rule(),
            ]
        )

    def rule(self) -> str:
        """Return in words what is done about a full inbox."""
        if self.timeout_s is None:
            return "wait for ever"
        wait = f"wait {milliseconds(self.timeout_s * 1e3)}" if self.timeout_s else "never wait"
        return f"{wait}, then {self.overflow.value}"

    def findings(self, recording: Recording) -> str:
        """Return what a run of it shows, in a sentence or two for each party."""
        sentences = [self._of_the_publisher(recording), _of_the_fast(recording)]
        sentences += [_of_the(pace, recording) for pace in (Pace.SLOW, Pace.DEAD)]
        return " ".join(sentence for sentence in sentences if sentence)

    def _of_the_publisher(self, recording: Recording) -> str:
        table = recording.publishes()
        late_ms = (table["sent_s"] - table["intended_s"]).max() * 1e3
        last = table.iloc[-1]
        if len(table) == self.messages and late_ms < 1e-6:
            sentence = "The publisher is on time"
        else:
            sentence = f"The publisher sends {len(table)} of {self.messages} messages"
            sentence += f", up to {milliseconds(late_ms)} late" if late_ms > 1e-6 else ""
        if last["finished_s"] == SECONDS and last["duration_s"] > LONG_S:
            sentence += f", and has been waiting in the last one since {last['sent_s']:.3g} s"
        if recording.refusals:
            sentence += f"; {len(recording.refusals)} publishes raise PubSubFull"
        return f"{sentence}."


def _of_the_fast(recording: Recording) -> str:
    latencies_ms = recording.latencies_ms()[Pace.FAST]
    worst_ms = latencies_ms.max()
    late = f"up to {milliseconds(worst_ms)} late" if worst_ms else "at once"
    return f"The fast subscriber gets {len(latencies_ms)} messages, {late}."


def _of_the(pace: Pace, recording: Recording) -> str:
    names = [reader.name for reader in recording.readers if reader.pace is pace]
    if not names:
        return ""
    who = f"The {pace.value} one" if len(names) == 1 else f"Each {pace.value} one"
    gone_s = recording.disconnections.get(names[0])
    if gone_s is not None:
        return f"{who} is disconnected after {gone_s:.3g} s."
    table = recording.drops().set_index("subscriber").loc[names]
    misses = f"{who} misses {int(table['dropped'].max()) or 'none'} of them"
    if pace is Pace.DEAD:
        return f"{misses}, and leaves {int(table['unread'].max())} unread."
    oldest_ms = recording.latencies_ms()[pace].max()
    return f"{misses}, and reads what is up to {milliseconds(oldest_ms)} old."


def _names(kind: str, count: int) -> list[str]:
    return [kind] if count == 1 else [f"{kind} {number}" for number in range(1, count + 1)]


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
