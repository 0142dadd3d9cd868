"""Programs that run beside a notebook, and a network that can be held, cut and mended.

>>> from pubsub_lib.lab.processes.child_process import run_in_a_child_process
>>> run_in_a_child_process("print('from another process')")
'from another process'
"""
