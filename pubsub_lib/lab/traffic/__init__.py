"""Traffic for brokers (loads, readers, and runs of both), and recordings of what became of it.

>>> from pubsub_lib.lab.traffic.loads import bursts
>>> bursts(messages=4, size=2, every_s=1.0).intended_s
[0.0, 0.0, 1.0, 1.0]
"""
