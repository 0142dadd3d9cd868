"""What brokers promise: a module for each stage, with a small program for each promise."""
