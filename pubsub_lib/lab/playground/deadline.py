"""Sliders for a deadline: how long may a service take to stop, and how slow is its slow subscriber?

>>> import asyncio
>>> from pubsub_lib.lab.traffic.stopping import Handle, Service
>>> async def read(queue: asyncio.Queue[int], handle: Handle) -> None:
...     while (message := await queue.get()) is not None:
...         await handle(message)
...         queue.task_done()
>>> def drain(grace_s: float) -> Way:
...     async def stop(service: Service) -> None:
...         tasks = [asyncio.create_task(one.run(read)) for one in service.subscribers]
...         await service.publish_until_told()
...         await service.broker.shutdown(timeout=grace_s)
...     return stop
>>> shown = open_deadline(drain)
>>> shown.caption
'at most 3 s, and 2 s for each message: all have ended after 8.5 s; lost: slow 2, dead 6.'
>>> shown.controls["deadline"].value = 7
>>> shown.caption
'at most 7 s, and 2 s for each message: all have ended after 12.5 s; lost: dead 6.'
"""

from collections.abc import Callable, Mapping

from pubsub_lib.in_process.queue_broker import AsyncPubSub
from pubsub_lib.lab.figures.stopping import endings
from pubsub_lib.lab.figures.style import Plot
from pubsub_lib.lab.playground.sliders import FigureWithSliders, Range
from pubsub_lib.lab.traffic.readers import dead_reader, fast_reader, slow_reader
from pubsub_lib.lab.traffic.stopping import Way, observe


def open_deadline(way: Callable[[float], Way]) -> FigureWithSliders:
    """Return a figure of a service's end, and the sliders that change it.

    Args:
        way: makes a way to stop, given for how many seconds it is to wait at most.
    """

    def draw(values: Mapping[str, int]) -> Plot:
        deadline_s, service_time_s = values["deadline"], values["service time"]
        readers = [fast_reader(), slow_reader(service_time_s=service_time_s), dead_reader()]
        ending = observe(way(deadline_s), AsyncPubSub, readers=readers)
        title = f"at most {deadline_s} s, and {service_time_s} s for each message"
        return endings({title: ending})

    return FigureWithSliders(
        {"deadline": Range(0, 30, "s", at=3), "service time": Range(1, 5, "s", at=2)}, draw
    )
