"""Starts the price board, `examples/price_board`, as a process of its own, and asks and tells it.

It runs on this machine alone, on any port that is free, and ends with its block, or with the
interpreter that has started it. What it answers is in the README beside it.

    async with PriceBoard(workers=2) as board:
        print(await board.post("TEA", 4.2))
        board.terminate()
        print(await board.ended())

>>> PriceBoard(rate=10).options["--rate"]
'10'
"""

import contextlib
import importlib.util
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import psutil

from pubsub_lib.lab.processes.programs import Program
from pubsub_lib.lab.service.measuring import ProcessUsage, family_of, usage_of
from pubsub_lib.lab.service.visitors import PATIENCE_S, Visitor, opened

if TYPE_CHECKING:
    import httpx

ROOT = Path(__file__).resolve().parents[3]
MODULE = "examples.price_board"
#: What it is made of, beside what a broker over NATS needs.
PACKAGES = ("httpx", "prometheus_client", "sse_starlette", "starlette", "uvicorn")
#: How many connections are tried until there are visitors at each worker.
MOST_TRIES = 400


class NoPriceBoard(Exception):
    """Stops a notebook where the price board cannot be started; shown without a traceback."""

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows instead of a traceback."""
        return [str(self)]


class PriceBoard:
    """The price board, running; use it in an `async with` block.

    Args:
        rate: how many prices change in a second; at 0 none but those that are posted.
        maxsize: the bound of a visitor's inbox.
        workers: how many processes answer.
        nats: the address of a NATS server; without one each worker has a broker of its own.
        grace_s: how long open streams are waited for at SIGTERM, in seconds.
        visitors_per_address: how many streams one address may have open.
        send_buffer: how many bytes the system may keep for a visitor; 0 for as much as it likes.

    Raises:
        NoPriceBoard: at the beginning of the block, if it cannot be started; says what to do.
    """

    def __init__(
        self,
        *,
        rate: float = 0,
        maxsize: int = 100,
        workers: int = 1,
        nats: str = "",
        grace_s: float = 5,
        visitors_per_address: int = 1000,
        send_buffer: int = 65_536,
    ) -> None:
        self.options: Mapping[str, str] = {
            "--port": "0",
            "--rate": f"{rate:g}",
            "--maxsize": str(maxsize),
            "--workers": str(workers),
            "--grace": f"{grace_s:g}",
            "--visitors-per-address": str(visitors_per_address),
            "--send-buffer": str(send_buffer),
        }
        self._nats = nats
        self.url = ""
        self._program: Program | None = None
        self._client: httpx.AsyncClient | None = None

    async def post(self, symbol: str, price: float) -> dict[str, int]:
        """Publish a price, and return what the worker says that has published it.

        Returns:
            How many visitors have it, `delivered`, and how many have not, `missed`.
        """
        answer = await self._asking().post("/prices", json={"symbol": symbol, "price": price})
        report: dict[str, int] = answer.raise_for_status().json()
        return report

    async def operator(self) -> list[dict[str, Any]]:
        """Return what the operator sees of each visitor of a worker, such as its `lag`."""
        visitors: list[dict[str, Any]] = (await self._asking().get("/operator/visitors")).json()
        return visitors

    async def metrics(self) -> str:
        """Return what Prometheus is told, as text."""
        return (await self._asking().get("/metrics")).text

    def visitors(self, count: int) -> AbstractAsyncContextManager[list[Visitor]]:
        """Open as many streams, for an `async with` block, which closes them at its end."""
        return opened(Visitor(self.url) for _ in range(count))

    async def visitors_at(
        self, workers: int, each: int, *, but_not: int = 0, last_event_id: str = ""
    ) -> list[Visitor]:
        """Return visitors that are connected, so many at each of so many workers.

        Which worker a connection comes to is the system's choice, so more are opened than needed,
        and closed again. Their streams are opened by `opened`.

        Args:
            workers: at how many workers.
            each: how many at each.
            but_not: the process id of a worker that is not to have any.
            last_event_id: the last that they have got already.
        """
        chosen: dict[int, list[Visitor]] = {}
        for _ in range(MOST_TRIES):
            visitor = Visitor(self.url, last_event_id=last_event_id)
            await visitor.connect()
            worker = await visitor.ask_worker()
            of_worker = chosen.setdefault(worker, [])
            if worker == but_not or len(of_worker) == each:
                await visitor.close()
            else:
                of_worker.append(visitor)
            if sum(map(len, chosen.values())) == workers * each:
                break
        return [visitor for some in chosen.values() for visitor in some]

    def usage(self) -> ProcessUsage:
        """Return what it has taken until now, with all its workers."""
        return usage_of(self._running().process_id)

    def terminate(self) -> None:
        """Ask it to end, as who deploys a new version does."""
        self._running().terminate()

    def kill_worker(self, process_id: int) -> None:
        """End one of its workers at once, as a crash does.

        Raises:
            ValueError: if it is none of them.
        """
        family = family_of(self._running().process_id)
        if process_id not in {process.pid for process in family}:
            raise ValueError(f"{process_id} is no process of this price board")
        os.kill(process_id, getattr(signal, "SIGKILL", signal.SIGTERM))

    async def ended(self) -> int:
        """Wait for its end, and return its status: 0 if all went well."""
        return await self._running().ended()

    async def __aenter__(self) -> Self:
        if reason := why_no_price_board():
            raise NoPriceBoard(
                f"This notebook stops here, and nothing is wrong: {reason}. Until then you can "
                "read it; what it printed when there was a price board is saved in it."
            )
        import httpx

        arguments = [part for option in self.options.items() for part in option]
        if self._nats:  # in the environment, since there may be a token in the address
            arguments.append("--nats")
        self._program = Program.of_module(
            MODULE, *arguments, folder=ROOT, environment={"NATS_URL": self._nats}
        )
        await self._program.__aenter__()
        try:
            self.url = (await self._program.line()).split()[-1]
        except BaseException as error:
            await self._program.__aexit__(type(error), error, error.__traceback__)
            raise
        # A connection each: one that was idle may be closed by the server at the same moment.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.AsyncClient(base_url=self.url, timeout=PATIENCE_S, limits=limits)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._asking().aclose()
        program = self._running()
        workers = family_of(program.process_id)[1:]
        await program.__aexit__(*exc_info)  # before its workers, which it would replace
        for worker in workers:
            with contextlib.suppress(psutil.NoSuchProcess):
                worker.kill()

    def _asking(self) -> "httpx.AsyncClient":
        if self._client is None:
            raise RuntimeError("a price board runs in its `async with` block, and not before")
        return self._client

    def _running(self) -> Program:
        if self._program is None:
            raise RuntimeError("a price board runs in its `async with` block, and not before")
        return self._program


def why_no_price_board(packages: Sequence[str] = PACKAGES) -> str | None:
    """Return why the price board cannot be started here, and what would help; else `None`."""
    if not (ROOT / "examples" / "price_board").is_dir():
        return "examples/price_board is not beside pubsub_lib: work in a copy of the whole project"
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        names = " ".join(missing).replace("_", "-")
        return f"it needs packages that are not here: run `pip install {names}`"
    return None
