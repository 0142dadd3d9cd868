"""Traffic for brokers, and recordings of what became of it."""
