"""What happened in a run: who was sent what and when, and how full the inboxes were.

A `Recording` keeps plain events while the run goes on, and turns them into tables afterwards.
Columns say their unit: `_s` is seconds from the start of the run.

>>> from pubsub_lib.lab.traffic.readers import fast_reader
>>> recording = Recording([fast_reader()], bound=100)
>>> recording.sent(0, intended_s=0.0, started_s=0.25)
>>> recording.received(0, "fast", 0.5)
>>> recording.published(0, finished_s=0.5)
>>> recording.deliveries().to_dict("records")
[{'subscriber': 'fast', 'number': 0, 'received_s': 0.5, 'sent_s': 0.25, 'latency_s': 0.5}]
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pubsub_lib.lab.traffic.data_frames import data_frame
from pubsub_lib.lab.traffic.readers import Pace, Reader

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in which somebody did something; drawn by `figures.timeline`.

    Attributes:
        start_s: when it began, in seconds.
        end_s: when it ended, in seconds.
        doing: what was done, such as "waiting".
    """

    start_s: float
    end_s: float
    doing: str


class Recording:
    """The events of one run, and the tables made from them.

    Args:
        readers: the subscribers of the run.
        bound: how many messages each inbox can hold; 0 if there is no bound.
    """

    def __init__(self, readers: Iterable[Reader], *, bound: int) -> None:
        self.readers = tuple(readers)
        self.bound = bound
        self._sent: list[tuple[int, float, float]] = []
        self._finished_s: list[float] = []
        self._received: list[tuple[str, int, float]] = []
        self._depths: list[tuple[float, str, int]] = []
        self._unread: Counter[str] = Counter()
        #: messages whose publisher was told, by `PubSubFull`, that somebody had no room for them
        self.refusals: list[int] = []
        #: when each subscriber was disconnected that was, in seconds
        self.disconnections: dict[str, float] = {}

    def sent(self, number: int, intended_s: float, started_s: float) -> None:
        """Note that a publish began."""
        self._sent.append((number, intended_s, started_s))

    def published(self, number: int, finished_s: float) -> None:
        """Note that a publish returned. Publishes are noted in their order."""
        self._finished_s.append(finished_s)

    def received(self, number: int, subscriber: str, received_s: float) -> None:
        """Note that a subscriber took a message."""
        self._received.append((subscriber, number, received_s))

    def depth(self, time_s: float, subscriber: str, depth: int) -> None:
        """Note how many messages wait in a subscriber's inbox."""
        self._depths.append((time_s, subscriber, depth))

    def left_unread(self, subscriber: str, messages: int) -> None:
        """Note how many messages a subscriber had and never read."""
        self._unread[subscriber] = messages

    def refused(self, number: int) -> None:
        """Note that a publish raised `PubSubFull`."""
        self.refusals.append(number)

    def disconnected(self, subscriber: str, time_s: float) -> None:
        """Note that a subscriber gets no more messages. Only the first note counts."""
        self.disconnections.setdefault(subscriber, time_s)

    def publishes(self) -> "pd.DataFrame":
        """Return a row per message: number, intended_s, sent_s, finished_s, duration_s."""
        table = data_frame(self._sent, columns=["number", "intended_s", "sent_s"])
        table["finished_s"] = self._finished_s
        table["duration_s"] = table["finished_s"] - table["sent_s"]
        return table

    def deliveries(self) -> "pd.DataFrame":
        """Return a row per message received: subscriber, number, received_s, sent_s, latency_s.

        The latency runs from the time at which the message was meant to be sent.
        """
        table = data_frame(self._received, columns=["subscriber", "number", "received_s"])
        sent = data_frame(self._sent, columns=["number", "intended_s", "sent_s"])
        table = table.merge(sent, on="number", how="left", validate="many_to_one")
        table["latency_s"] = table["received_s"] - table["intended_s"]
        return table.drop(columns="intended_s")

    def waits(self, subscriber: str) -> "pd.DataFrame":
        """Return a row per message that a subscriber took: number, intended_s, before_s, queued_s.

        `before_s` is how long it waited to get into the inbox, from when it was meant to be sent
        until its publish returned (or until it was taken, if that was sooner); `queued_s` is how
        long it then waited in the inbox. Together they are its latency.
        """
        taken = self.deliveries().query("subscriber == @subscriber")
        table = taken.merge(self.publishes()[["number", "intended_s", "finished_s"]], on="number")
        entered_s = table[["finished_s", "received_s"]].min(axis="columns")
        table["before_s"] = entered_s - table["intended_s"]
        table["queued_s"] = table["received_s"] - entered_s
        return table[["number", "intended_s", "before_s", "queued_s"]]

    def latencies_ms(self) -> "dict[Pace, NDArray[np.float64]]":
        """Return the latencies of all deliveries, in milliseconds, by the readers' pace.

        They are rounded to a nanosecond, so that what took no time at all is 0 and not 1e-13. A
        pace at which nothing was received is left out.
        """
        table = self.deliveries()
        pace_of = {reader.name: reader.pace for reader in self.readers}
        paces = table["subscriber"].map(pace_of)
        return {
            pace: (table.loc[paces == pace, "latency_s"].to_numpy(dtype="float64") * 1e3).round(6)
            for pace in Pace
            if (paces == pace).any()
        }

    def queue_fill(self) -> "pd.DataFrame":
        """Return a row per look at an inbox: time_s, subscriber, depth (messages waiting in it).

        A workload looks at every inbox after each publish, and at one after each message taken.
        """
        return data_frame(self._depths, columns=["time_s", "subscriber", "depth"])

    def drops(self) -> "pd.DataFrame":
        """Return a row per subscriber, in messages: subscriber, received, unread, dropped."""
        received = Counter(subscriber for subscriber, _, _ in self._received)
        rows = [
            (
                reader.name,
                received[reader.name],
                self._unread[reader.name],
                len(self._sent) - received[reader.name] - self._unread[reader.name],
            )
            for reader in self.readers
        ]
        return data_frame(rows, columns=["subscriber", "received", "unread", "dropped"])
