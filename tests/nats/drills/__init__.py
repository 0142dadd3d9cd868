"""Drills over NATS: servers and clusters that die again and again, and strangers that mean harm."""
