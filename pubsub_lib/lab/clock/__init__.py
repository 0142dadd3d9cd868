"""Clocks: one that jumps, tasks that wait, timers, and how late a real event loop is."""
