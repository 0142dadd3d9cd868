"""A service as a real process, with real visitors: `examples/price_board`, started on this machine.

- `price_board` starts it, asks it, tells it to end, and kills one of its workers.
- `visitors` are what opens its streams: they read, stop reading, come back.
- `events` takes a stream apart into the events that the server has sent.
- `measuring` says what it costs: memory, processor time, and how old what arrives is.

A learner writes `async with PriceBoard() as board, board.visitors(3) as visitors: ...`. What needs
packages that a broker does not need, such as httpx, is imported when it is first used.
"""
