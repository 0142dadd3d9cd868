"""The errors a broker raises. Each message names the remedy.

>>> issubclass(PubSubClosed, RuntimeError)
True
"""


class PubSubClosed(RuntimeError):
    """Raised when something is published to, or subscribed from, a broker that was shut down."""
