"""Films of a run: exact, picture by picture, beside the line of code that is being run.

`film` runs a program on the virtual clock, watches its queues, tasks and brokers from outside, and
returns something that a notebook shows: messages that move from a publisher through queues to
readers, with who waits for room and what is lost; or the event loop, with who runs, who is ready
and who waits for what; or a ring and its cursors. Nothing in the program has to know of it. Three
lines film a program of your own, if it uses asyncio and no threads or sockets:

    from pubsub_lib.lab.replay import film

    film(main())

Two runs side by side, on one time line, and other ways to look at them:

    film({"broken": main(Broken()), "mended": main(Mended())}, title="Two endings")
    film(main(), view=["loop", "messages"])
    film(main(), source=[MyBroker.publish])     # show these lines, too
    film(main(), watch=["cache.held"])          # show this, and say when it changes
    film(main(), label=lambda price: price.name)    # in each message's token, for its number

Outside a notebook a film is a page of its own, which asks for nothing elsewhere:

>>> import asyncio
>>> from pubsub_lib.lab.replay import film
>>> async def main() -> None:
...     queue = asyncio.Queue(maxsize=2)
...     reader = asyncio.create_task(queue.get(), name="reader")
...     await queue.put("hello")
...     await reader
>>> made = film(main(), title="One message")
>>> print(made)
One message, a film of 4 pictures and 0 s: 1 message; reader got 1.
>>> made.html.startswith('<div class="film"')  # Path("film.html").write_text(made.html)
True

How it is made: `calls` notices publishing and reading, `peeking` looks into queues, `watched` is
what was in them, `readers` is who reads them, `message_numbers` tells messages apart, `shutdowns`
which calls are one, `watching` turns what has changed into events, `instants` cuts out waits of no
time, `expressions` looks at what else is to be watched, `standing` says where each task stands,
`words` sums up, `checks` looks at what is asked for, `events` is the film as data, `filming` puts
it together, `player` shows it.
"""

from pubsub_lib.lab.replay.checks import View
from pubsub_lib.lab.replay.filming import Film, film
from pubsub_lib.lab.replay.watching import FilmTooLong

__all__ = ["Film", "FilmTooLong", "View", "film"]
