"""What a run costs: processor time, memory, timers, and how late it makes the event loop."""
