"""How long the tests wait for what takes a moment, if all is well.

It is so long that a busy machine does not matter: only what hangs for ever is ended by it. Each is
below the limit of a test as a whole, so that it is said what was waited for.
"""

TIME_LIMIT_S = 60.0
