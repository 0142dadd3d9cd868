"""A NATS server for this process: one that runs already, or one that surely ends with it."""
