"""Real runs as they were once, in the folder `recordings`, so that a notebook need not wait.

A test makes each of them again, and finds the same events in the same order.

>>> recorded_day("acknowledges_first").lost
[2]
"""

import json
from importlib.resources import files
from pathlib import Path

from pubsub_lib.lab.real_runs.day import Day, Event, What

FOLDER = "recordings"


def recorded_day(name: str) -> Day:
    """Return a recorded day by its name."""
    return read_day(files(__package__).joinpath(FOLDER, f"{name}.json").read_text(encoding="utf-8"))


def recording_of(source: str) -> Day | None:
    """Return the recorded day of a program; `None` if there is none of this very source."""
    days = (recorded_day(name) for name in RECORDED_DAYS)
    return next((day for day in days if day.source == source), None)


#: The days that are recorded, by name.
RECORDED_DAYS = ("acknowledges_first",)


def read_day(text: str) -> Day:
    """Return a day from the text of its file."""
    data = json.loads(text)
    events = [Event(time_s, What(what), *numbers) for time_s, what, *numbers in data["events"]]
    return Day("\n".join(data["source"]), events)


def write_day(day: Day, path: Path) -> None:
    """Write a day as it is recorded: a line an event."""
    events = ",\n".join(
        f"    {json.dumps([round(event.time_s, 3), *event[1:]])}" for event in day.events
    )
    source = json.dumps(day.source.splitlines(), indent=2).replace("\n", "\n  ")
    path.write_text(
        f'{{\n  "source": {source},\n  "events": [\n{events}\n  ]\n}}\n', encoding="utf-8"
    )
