"""What a notebook talks with: predictions, experiments, tables, verdicts, faults, progress.

>>> from pubsub_lib.lab.lesson.verdicts import Standing
>>> [standing.mark for standing in Standing]
['✓', '(✓)', '~', '✗']
"""
