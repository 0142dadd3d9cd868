"""Plausible wrong answers to the exercises of notebook 00, and what the check says to each."""

import asyncio


async def one_after_the_other(first, second):
    return await first, await second


async def as_a_list(first, second):
    return await asyncio.gather(first, second)


async def whichever_comes_first(first, second):
    done = [await coming for coming in asyncio.as_completed([second, first])]
    return done[1], done[0]


async def keeps_the_none(queue):
    messages = []
    while True:
        messages.append(await queue.get())
        queue.task_done()
        if messages[-1] is None:
            return messages


async def never_marks(queue):
    messages = []
    while (message := await queue.get()) is not None:
        messages.append(message)
    return messages


async def never_stops(queue):
    while True:
        await queue.get()
        queue.task_done()
        await asyncio.Event().wait()


WRONG_ANSWERS = [
    ("00.1", one_after_the_other, "took 3 s"),
    ("00.1", as_a_list, "return a pair"),
    ("00.1", whichever_comes_first, "in the order of the arguments"),
    ("00.2", keeps_the_none, ""),
    ("00.2", never_marks, "task_done()"),
    ("00.2", never_stops, "comes to a stop"),
]
