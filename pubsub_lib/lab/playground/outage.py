"""How long a server is away, and what becomes of prices that are published meanwhile: a model.

It runs on the virtual clock, with queues in the place of connections: it is computed, not measured.
A publisher has two prices a second. Over core NATS a price that finds no server is gone. The
other way keeps it in an outbox, from which a sender takes one when the server has the last; the
server keeps it until a desk has handled it.

>>> seen = Outage(away_s=10, busy=0.5).run()
>>> seen.missed, seen.oldest_s, seen.caught_up_after_s
(20, 9.75, 9.75)
"""

import asyncio
from dataclasses import dataclass, field

from pubsub_lib.lab.clock.virtual_time import run_virtual

EVERY_S = 0.5  #: between two prices
BEFORE_S = 5.25  #: how long all goes well at first; no price is due at its end
AFTER_S = 5.0  #: and how long one looks on when all is well again

_ANY_S = 1e-6  # what counts as late at all

type Ages = list[tuple[float, float]]
"""When a price was handled, and how old it was then, both in seconds."""


@dataclass(slots=True)
class Seen:
    """What a run has shown.

    Attributes:
        outage: from when to when there was no server, in seconds.
        core: what came over core NATS.
        kept: what came out of the outbox, over the server that keeps it.
        missed: how many prices never came over core NATS.
        service_s: how long the desk takes for a price, in seconds.
    """

    outage: tuple[float, float]
    service_s: float
    core: Ages = field(default_factory=list)
    kept: Ages = field(default_factory=list)
    missed: int = 0

    @property
    def oldest_s(self) -> float:
        """How late the latest price began to be handled, in seconds."""
        return max((age_s - self.service_s for _, age_s in self.kept), default=0.0)

    @property
    def caught_up_after_s(self) -> float:
        """How long after the server's return the desk is up to date again, in seconds."""
        back_s = self.outage[1]
        late = [at_s for at_s, age_s in self.kept if age_s - self.service_s > _ANY_S]
        return max((at_s - back_s for at_s in late), default=0.0)


@dataclass(frozen=True, slots=True)
class Outage:
    """The settings.

    Attributes:
        away_s: how long the server is away, in seconds.
        busy: which share of its time the desk is at work, as long as all is well, from 0 to 1.
    """

    away_s: float = 10.0
    busy: float = 0.5

    def run(self) -> Seen:
        """Run it on the virtual clock, until the desk is up to date and a little longer."""
        return run_virtual(self._run())

    async def _run(self) -> Seen:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        back_s = BEFORE_S + self.away_s
        seen = Seen((BEFORE_S, back_s), service_s=self.busy * EVERY_S)
        end_s = BEFORE_S + self.away_s / (1 - self.busy) + AFTER_S
        outbox: asyncio.Queue[float] = asyncio.Queue()
        stream: asyncio.Queue[float] = asyncio.Queue()
        server = asyncio.Event()
        server.set()

        def now_s() -> float:
            return loop.time() - began_s

        async def until(at_s: float) -> None:
            await asyncio.sleep(began_s + at_s - loop.time())

        async def publish() -> None:
            for number in range(int(end_s / EVERY_S)):
                await until(number * EVERY_S)
                outbox.put_nowait(now_s())
                if server.is_set():
                    seen.core.append((now_s(), 0.0))
                else:
                    seen.missed += 1

        async def send() -> None:
            while True:
                published_s = await outbox.get()
                await server.wait()
                stream.put_nowait(published_s)

        async def handle() -> None:
            while True:
                published_s = await stream.get()
                await asyncio.sleep(seen.service_s)
                seen.kept.append((now_s(), now_s() - published_s))

        async def fail() -> None:
            await until(BEFORE_S)
            server.clear()
            await until(back_s)
            server.set()

        others = [asyncio.create_task(one()) for one in (fail, send, handle)]
        await publish()
        await until(end_s)
        for other in others:
            other.cancel()
        return seen

    def settings(self) -> str:
        """Return the settings in words."""
        busy = round(self.busy * 100)
        return f"the server is away for {self.away_s:g} s, the desk is {busy} % busy"

    def findings(self, seen: Seen) -> str:
        """Return what a run of it shows, in a sentence for each way."""
        return (
            f"Over core NATS {seen.missed} prices never arrive, and none is late. Kept, all "
            f"arrive: the oldest {seen.oldest_s:.3g} s late, and the desk is up to date "
            f"{seen.caught_up_after_s:.3g} s after the server is back."
        )
