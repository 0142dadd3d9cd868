"""The broker on core NATS, which delivers each message at most once."""
