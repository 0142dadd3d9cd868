"""The broker on JetStream, which delivers each message at least once."""
