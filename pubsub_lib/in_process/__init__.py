"""The brokers that the course arrives at, for one event loop, and what they share."""
