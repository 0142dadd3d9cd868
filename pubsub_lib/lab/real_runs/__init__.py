"""Real runs against a real server, told event by event, filmed, and some of them recorded.

The virtual clock refuses sockets and processes, so these runs are made of what their processes tell
while they run.

- `serving`: what the learner writes. `desk`: the process that runs it, and tells each step.
- `day`: what happens in a day at some desks, as data. `running`: runs one, kills desks and server.
- `filming`: a film of it. `recorded`: days as they were once, in `recordings`.
- `relaying`: runs a relay in earnest, which publishes what waits in an outbox.
- `restarts`: three servers that are restarted in turn, as data, recorded. `restarting`: runs that.
- `commands`: what learners type.
"""
