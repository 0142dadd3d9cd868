"""What the course begins with, and where it goes wrong: kept as they are, faults included."""
