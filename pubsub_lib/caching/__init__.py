"""A cache, and replicas of it that any broker keeps fresh."""
