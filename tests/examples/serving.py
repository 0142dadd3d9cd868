"""The price board as a process of its own, and visitors who read its streams."""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.limits import TIME_LIMIT_S

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "examples.price_board", "--port", "0"]


class Service:
    """A price board that runs, and where; one connection is there to ask it."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url
        self.port = int(url.rstrip("/").rpartition(":")[2])
        self.client = httpx.Client(base_url=url, timeout=TIME_LIMIT_S, verify=False)

    def ask(self, path: str, **options: Any) -> httpx.Response:
        """Return the answer to a GET."""
        return self.client.get(path, **options)

    def post(self, symbol: str, price: float) -> dict[str, Any]:
        """Publish a price."""
        answer = self.client.post("prices", json={"symbol": symbol, "price": price})
        answer.raise_for_status()
        return answer.json()

    def metrics(self) -> dict[str, float]:
        """Return the value of each metric; of several with one name, their sum."""
        text = self.ask("metrics").text
        found: dict[str, float] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                name = sample.name.removeprefix("price_board_")
                found[name] = found.get(name, 0) + sample.value
        return found

    def ended(self) -> int:
        """Wait for its end, and return its status."""
        return self.process.wait(TIME_LIMIT_S)


@contextmanager
def price_board(*options: str) -> Iterator[Service]:
    """Run the board, and end it with the block, if it has not ended."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [*COMMAND, *options], cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line.startswith("Price board at http://"):
                process.wait(TIME_LIMIT_S)
                errors.seek(0)
                raise AssertionError(f"it said {line!r}, and on stderr {errors.read()!r}")
            service = Service(process, line.split()[-1])
            with service.client:
                yield service
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(TIME_LIMIT_S)
                finally:
                    process.kill()
            process.stdout.close()
        errors.seek(0)
        assert "Traceback" not in (said := errors.read()), said


def refused(*options: str) -> tuple[int, str]:
    """Run a board that cannot begin; return its status and what it said on stderr."""
    run = subprocess.run(
        [*COMMAND, *options], cwd=ROOT, capture_output=True, text=True, timeout=TIME_LIMIT_S
    )
    assert run.stdout == ""
    return run.returncode, run.stderr


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream."""

    kind: str
    data: Any
    number: int | None


class Stream:
    """What a visitor reads."""

    def __init__(self, response: httpx.Response) -> None:
        self._events = _events_of(response)

    async def next(self, kind: str = "price") -> Event:
        """Return the next event of this kind; those of others are passed over."""
        async with asyncio.timeout(TIME_LIMIT_S):
            async for event in self._events:
                if event.kind == kind:
                    return event
        raise AssertionError(f"the stream has ended, without an event {kind!r}")

    async def kinds_until(self, kind: str) -> list[str]:
        """Return the kinds of the events up to the next of this one."""
        kinds: list[str] = []
        async with asyncio.timeout(TIME_LIMIT_S):
            async for event in self._events:
                kinds.append(event.kind)
                if event.kind == kind:
                    break
        return kinds

    async def prices(self, count: int) -> list[tuple[str, float]]:
        """Return so many prices, as they come."""
        events = [await self.next() for _ in range(count)]
        return [(event.data["symbol"], event.data["price"]) for event in events]

    async def rest(self) -> list[Event]:
        """Return all that comes until its end."""
        async with asyncio.timeout(TIME_LIMIT_S):
            return [event async for event in self._events]


@asynccontextmanager
async def visiting(
    service: Service,
    *,
    last_seen: int | None = None,
    name: str = "",
    client: httpx.AsyncClient | None = None,
) -> AsyncIterator[Stream]:
    """Visit the board, on a connection of one's own unless a client is given."""
    headers = {} if last_seen is None else {"Last-Event-ID": str(last_seen)}
    own = httpx.AsyncClient(timeout=TIME_LIMIT_S, verify=False)
    async with (
        own,
        (client or own).stream(
            "GET", f"{service.url}prices", headers=headers, params={"visitor": name}
        ) as response,
    ):
        response.raise_for_status()
        yield Stream(response)


async def _events_of(response: httpx.Response) -> AsyncIterator[Event]:
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        else:
            if "data" in fields:
                number = int(fields["id"]) if "id" in fields else None
                yield Event(fields["event"], json.loads(fields["data"]), number)
            fields = {}
