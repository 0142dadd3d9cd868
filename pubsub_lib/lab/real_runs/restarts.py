"""What happens while three servers are restarted in turn, as data, and as it was recorded once.

>>> recorded = recorded_restarts()
>>> len(recorded.publishes) > 50, recorded.lost
(True, [])
>>> [event.server for event in recorded.events if event.what is Happened.KILLED]
['a follower', 'the other follower', 'the leader']
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

SERVERS = ("a follower", "the other follower", "the leader")
#: Where a recording lies in this package.
FILE = "recordings/rolling_restart.json"


class Happened(StrEnum):
    """What can happen to a server."""

    KILLED = "killed"
    LEADER_CHOSEN = "leader-chosen"
    STARTED = "started"
    CAUGHT_UP = "caught-up"


class RestartEvent(NamedTuple):
    """What happened to a server, and when, in seconds since the beginning."""

    time_s: float
    what: Happened
    server: str


@dataclass(slots=True)
class Restarts:
    """What happened.

    Attributes:
        events: what happened to the servers, in the order of time.
        publishes: when each order was published, and how long that took, in seconds.
        handled: the orders that came to the desk, in their order; they are numbered from 0.
    """

    events: list[RestartEvent] = field(default_factory=list)
    publishes: list[tuple[float, float]] = field(default_factory=list)
    handled: list[int] = field(default_factory=list)

    @property
    def lost(self) -> list[int]:
        """The orders that were stored and never handled."""
        seen = set(self.handled)
        return [number for number in range(len(self.publishes)) if number not in seen]

    @property
    def repeated(self) -> int:
        """How many orders came more than once."""
        return sum(times > 1 for times in Counter(self.handled).values())

    @property
    def names(self) -> list[tuple[Happened, str]]:
        """What happened, without the times, which are others in each run."""
        return [(event.what, event.server) for event in self.events]

    @property
    def away(self) -> dict[str, tuple[float, float]]:
        """From when to when each server was away, or had not caught up, in seconds."""
        times_s = {(event.what, event.server): event.time_s for event in self.events}
        return {
            server: (times_s[Happened.KILLED, server], times_s[Happened.CAUGHT_UP, server])
            for server in SERVERS
        }


def recorded_restarts(file: Path | None = None) -> Restarts:
    """Return the recording, or what is in another file like it."""
    recording = files(__package__).joinpath(FILE) if file is None else file
    data = json.loads(recording.read_text(encoding="utf-8"))
    return Restarts(
        [RestartEvent(time_s, Happened(what), server) for time_s, what, server in data["events"]],
        [(at_s, took_s) for at_s, took_s in data["publishes"]],
        data["handled"],
    )


def write_restarts(restarts: Restarts, path: Path) -> None:
    """Write what happened as it is recorded, to the millisecond."""
    data = {
        "events": [[round(event.time_s, 3), *event[1:]] for event in restarts.events],
        "publishes": [[round(at_s, 3), round(took_s, 4)] for at_s, took_s in restarts.publishes],
        "handled": restarts.handled,
    }
    rows = [f'  "{name}": {json.dumps(value)}' for name, value in data.items()]
    path.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")
