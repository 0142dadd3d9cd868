"""The brokers that the course arrives at, for one event loop, and what they share."""

import logging

# Who has set up no logging asked for no lines about lost messages: the counts are in `stats`.
logging.getLogger(__name__).addHandler(logging.NullHandler())
