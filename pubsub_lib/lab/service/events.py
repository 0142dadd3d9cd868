"""Takes a stream of server-sent events apart, as a browser does.

A stream is an HTTP response that does not end. Its body comes in chunks, and consists of events: a
few lines, such as `event: price`, and then an empty one. The rules are those of the HTML standard,
https://html.spec.whatwg.org/multipage/server-sent-events.html.

>>> reader = EventReader()
>>> reader.feed(b'id: 7\\nevent: price\\ndata: {"symbol": "TEA"}\\n\\nevent: la', at_s=0.0)
[ServerSentEvent(name='price', id='7', data={'symbol': 'TEA'}, at_s=0.0)]
>>> [event.name for event in reader.feed(b'g\\r\\ndata: {}\\r\\n\\r\\n', at_s=1.0)]
['lag']
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """What a server has sent in one piece.

    Attributes:
        name: what kind of event it is; `message` where the server does not say it.
        id: what a client that comes back gives as `Last-Event-ID`; empty if it has none.
        data: what it is about, from its JSON; a text, where that is none.
        at_s: when it arrived, in seconds since the epoch.
    """

    name: str
    id: str
    data: Any
    at_s: float


class EventReader:
    """Makes events of the bytes of a body, in whatever pieces these come."""

    def __init__(self) -> None:
        self._rest = b""
        self._fields: dict[str, list[str]] = {}

    def feed(self, piece: bytes, *, at_s: float) -> list[ServerSentEvent]:
        """Return the events that this piece completes.

        Args:
            piece: the next bytes of the body.
            at_s: when they arrived, in seconds since the epoch.
        """
        *lines, self._rest = LINE_END.split(self._rest + piece)
        events = []
        for line in lines:
            if line:
                self._take(line.decode(errors="replace"))
            else:
                fields, self._fields = self._fields, {}
                if "data" in fields:  # else it only says when to come back, or is none
                    events.append(_event(fields, at_s))
        return events

    def _take(self, line: str) -> None:
        field, _, value = line.partition(":")
        if field:  # else it is a comment, which keeps the connection alive
            self._fields.setdefault(field, []).append(value.removeprefix(" "))


def _event(fields: Mapping[str, list[str]], at_s: float) -> ServerSentEvent:
    text = "\n".join(fields["data"])
    try:
        data = json.loads(text)
    except ValueError:
        data = text
    name, number = fields.get("event", ["message"])[-1], fields.get("id", [""])[-1]
    return ServerSentEvent(name, number, data, at_s)
