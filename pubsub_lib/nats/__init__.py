"""The broker's interface on a NATS server, for subscribers in other processes."""
