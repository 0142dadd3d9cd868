"""Brokers that are wrong as a learner's may be, at least three a stage, and what is said of each.

Each is the given state of its stage with one thing changed: what was there, and what is there now.
"""

from dataclasses import dataclass

from pubsub_lib.lab.own_broker.given import given_state


@dataclass(frozen=True)
class Wrong:
    """A broker with one thing wrong in it.

    Attributes:
        breaks: begins the promise that it breaks first.
        says: part of what is said of it.
        also: what else was there, and is there now.
    """

    notebook: str
    name: str
    old: str
    new: str
    breaks: str
    says: str = ""
    also: tuple[str, str] | None = None

    @property
    def source(self) -> str:
        source = given_state(self.notebook).read_text(encoding="utf-8")
        for old, new in ((self.old, self.new), *([self.also] if self.also else [])):
            assert source.count(old) == 1, (self.name, source.count(old))
            source = source.replace(old, new)
        return source


WRONG = (
    Wrong(
        "03",
        "one queue for all",
        "        self.queues.append(queue)\n        return queue",
        "        self.queues = self.queues or [queue]\n        return self.queues[0]",
        "Every subscriber reads every message",
    ),
    Wrong(
        "03",
        "only the first two get it",
        "        for queue in self.queues:\n            try:",
        "        for queue in self.queues[:2]:\n            try:",
        "Every subscriber reads every message",
    ),
    Wrong(
        "03",
        "no bound",
        "asyncio.Queue(self.maxsize)",
        "asyncio.Queue()",
        "A full subscriber is waited for",
    ),
    Wrong(
        "03",
        "too short a wait",
        "timeout=1.0",
        "timeout=0.1",
        "A full subscriber is waited for",
    ),
    Wrong(
        "03",
        "one that is full keeps it from those behind it",
        '                print("a queue was full, and has missed a message")\n',
        "                return\n",
        "A full subscriber is waited for",
    ),
    Wrong(
        "03",
        "one that was full once gets nothing any more",
        '                print("a queue was full, and has missed a message")\n',
        "                self.queues.remove(queue)\n",
        "A full subscriber is waited for",
    ),
    Wrong(
        "03",
        "waits the whole second and looks then",
        "                await asyncio.wait_for(queue.put(message), timeout=1.0)\n",
        "                if queue.full():\n"
        "                    await asyncio.sleep(1)\n"
        "                if not queue.full():\n"
        "                    queue.put_nowait(message)\n",
        "A slow subscriber that keeps",
    ),
    Wrong(
        "03",
        "publishes the end, which may be dropped",
        "            await queue.put(None)",
        "            await self.publish(None)",
        "The end reaches one that is full",
    ),
    Wrong(
        "03",
        "gives the end up after half a minute",
        "            await queue.put(None)",
        "            with __import__('contextlib').suppress(TimeoutError):\n"
        "                await asyncio.wait_for(queue.put(None), timeout=30)",
        "The end reaches one that is full",
    ),
    Wrong(
        "03",
        "puts the end only where there is room",
        "            await queue.put(None)",
        "            queue.full() or queue.put_nowait(None)",
        "The end reaches one that is full",
    ),
    Wrong(
        "05",
        "waits for one after the other",
        "await (asyncio.wait(waiting, timeout=self.timeout) if waiting else asyncio.sleep(0))",
        "[await asyncio.wait([one], timeout=self.timeout) for one in waiting]",
        "Dead subscribers, however many",
    ),
    Wrong(
        "05",
        "drops the newest instead",
        "                inbox.displace_for(tickets[inbox])\n",
        "                pass\n",
        "With `DROP_OLDEST`",
    ),
    Wrong(
        "05",
        "raises to nobody",
        "            raise PubSubFull(Delivery(delivered, missed_by))\n",
        "            print('full')\n",
        "With `RAISE`",
    ),
    Wrong(
        "05",
        "the last in line goes first",
        "self.line.popleft()",
        "self.line.pop()",
        "Everybody sees the messages of two publishers",
    ),
    Wrong(
        "06",
        "takes messages after the end",
        '            raise PubSubClosed("this broker was shut down; publish to a new one")\n',
        "            print('closed')\n",
        "Publishing after `shutdown()` is refused",
    ),
    Wrong(
        "06",
        "the end is work to be done",
        "        super().task_done()  # the end is no work\n",
        "",
        "`join()` returns after the end",
    ),
    Wrong(
        "06",
        "waits for nobody",
        "asyncio.timeout(timeout)",
        "asyncio.timeout(0)",
        "`shutdown()` returns when everything was handled",
    ),
    Wrong(
        "06",
        "waits for the dead for ever",
        "asyncio.timeout(timeout)",
        "asyncio.timeout(None)",
        "`shutdown()` does not hang on a subscriber that is full",
    ),
    Wrong(
        "07",
        "releases nobody",
        "            ticket.cancel()  # neither delivered nor missed\n",
        "            pass\n",
        "A subscriber that leaves is not waited for",
    ),
    Wrong(
        "07",
        "counts the gone as missed",
        "for inbox, ticket in tickets.items() if not ticket.done())",
        "for inbox, ticket in tickets.items() if not ticket.done() or ticket.cancelled())",
        "A subscriber that leaves is not waited for",
    ),
    Wrong(
        "07",
        "does not leave with its block",
        "    async def __aexit__(self, *error: object) -> None:\n        self.close()\n",
        "    async def __aexit__(self, *error: object) -> None:\n        pass\n",
        "A subscriber whose `async with` ended",
    ),
    Wrong(
        "07",
        "keeps what is unread",
        "        for _ in range(self.qsize()):\n            self.get_nowait()\n"
        "        for _ in range(self.in_hand):\n            self.task_done()\n",
        "        for _ in range(self.qsize() + self.in_hand):\n            super().task_done()\n"
        "        self.in_hand = 0\n",
        "A subscriber that leaves is not waited for",
        "what it returns: 1; expected was None",
    ),
    Wrong(
        "07",
        "has something in hand for ever",
        "        for _ in range(self.in_hand):\n            self.task_done()\n",
        "",
        "A subscriber that leaves is not waited for",
        "whether its join() returns: False; expected was True",
    ),
    Wrong(
        "07",
        "has something in hand when the broker ends",
        "        for _ in range(self.in_hand):\n            self.task_done()\n",
        "        for _ in range(0 if self.closed else self.in_hand):\n"
        "            self.task_done()\n",
        "A subscriber whose `async with` ended",
        "what was left when one crashed during shutdown(): ShutdownReport(unread=0, unfinished=2);",
    ),
    Wrong(
        "07",
        "puts no end",
        "        self.left = True\n        self.finish()\n",
        "        self.left = True\n",
        "A subscriber that leaves is not waited for",
        "whether its get() returns: False; expected was True",
    ),
    Wrong(
        "07",
        "tells the end to those alone who ask later",
        "    def task_done(self) -> None:\n",
        "    async def get(self) -> T | None:\n"
        "        return None if self.left else await super().get()\n\n"
        "    def task_done(self) -> None:\n",
        "A subscriber that leaves is not waited for",
        "whether a get() that waits as another one leaves returns: False; expected was True",
        also=("        self.left = True\n        self.finish()\n", "        self.left = True\n"),
    ),
    Wrong(
        "07",
        "takes its own end out",
        "        self.left = True\n        self.finish()\n",
        "        self.left = True\n        self.finish()\n"
        "        while not asyncio.Queue.empty(self):\n"
        "            asyncio.Queue.get_nowait(self)\n",
        "A subscriber that leaves is not waited for",
        "whether its get() returns: False; expected was True",
    ),
    Wrong(
        "07",
        "minds a late task_done()",
        "        if not self.left:  # by then everything counts as done\n"
        "            super().task_done()\n            self.in_hand -= 1\n",
        "        super().task_done()\n        self.in_hand -= 1\n",
        "A subscriber that leaves is not waited for",
        "what a task_done() after close() raises: 'task_done() called too many times'",
    ),
    Wrong(
        "09",
        "one by one",
        "range(self.qsize()))]",
        "range(0))]",
        "A batch is all that waits",
    ),
    Wrong(
        "09",
        "batches of nothing",
        "        while (first := await self.get()) is not None:\n",
        "        while not self.closed:\n            first = await self.get()\n"
        "            yield []\n",
        "A batch is all that waits",
    ),
    Wrong(
        "09",
        "never done",
        "            for _ in batch:\n                self.task_done()\n",
        "            pass\n",
        "A whole batch is handled",
    ),
    Wrong(
        "10",
        "the first instead of the last",
        "list(self.last.values())[::-1][:replay][::-1]",
        "list(self.last.values())[:replay]",
        "A newcomer gets as many of the last messages",
    ),
    Wrong(
        "10",
        "the newest first",
        "[::-1][:replay][::-1]",
        "[::-1][:replay]",
        "A newcomer gets as many of the last messages",
    ),
    Wrong(
        "10",
        "the first update decides who goes",
        "        self.last.pop(about, None)\n",
        "",
        "With a key, of each the latest is kept",
    ),
)
