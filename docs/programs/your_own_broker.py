# A broker of your own: which promises does it keep? The first stage asks for fan-out.
import asyncio

from pubsub_lib.lab.promises import Kind, Stage, Trait, keeps, which_promises


class MyBroker:
    def __init__(self, maxsize=100, timeout=1.0):
        self.maxsize = maxsize
        self.queues = []

    async def subscribe(self):
        queue = asyncio.Queue(self.maxsize)
        self.queues.append(queue)
        return queue

    async def publish(self, message):
        for queue in self.queues[:1]:  # Change it: does everybody get the message?
            await queue.put(message)

    async def shutdown(self):
        for queue in self.queues:
            await queue.put(None)


mine = Kind(MyBroker, {Trait.IN_PROCESS, Trait.WAITS_FOR_ROOM})
outcomes = [keeps(mine, promise) for promise in which_promises(mine, Stage.FAN_OUT)]
for outcome in outcomes:
    print("kept  " if outcome.kept else "broken", outcome.promise.sentence)
    if not outcome.kept:
        print("      ", outcome.reason[:100])
f"{sum(outcome.kept for outcome in outcomes)} of {len(outcomes)} promises are kept."
