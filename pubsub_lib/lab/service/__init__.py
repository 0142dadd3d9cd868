"""A service as a real process, with real visitors: `examples/price_board`, started on this machine.

- `price_board` starts it, asks it, tells it to end, and kills one of its workers.
- `visitors` open its streams: they read, stop reading, come back. A `browser` has several.
- `connections` and `events` take apart what the server sends.
- `measuring` says what processes take, and how old what arrives is; `watching` what an operator
  sees while somebody does not read, and what many visitors cost.

A learner writes `async with PriceBoard() as board, board.visitors(3) as visitors: ...`. What needs
packages that a broker does not need, such as httpx, is imported when it is first used.
"""
