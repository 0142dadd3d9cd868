"""Checks an answer to an exercise, and says what is wrong with it.

The exercises of a notebook have the module or folder of its name here, with one check for each:
those of `05_when_a_queue_is_full.ipynb` are in `when_a_queue_is_full`. Nothing else lists them. A
check runs the learner's code on the virtual clock, so an answer that would hang is told so, not
waited for.

>>> async def my_answer(queue: object) -> list[object]:
...     raise NotImplementedError
>>> check("00.2", my_answer)
Exercise 00.2: not attempted yet.
"""

from importlib import import_module
from pkgutil import iter_modules

from pubsub_lib.lab.exercises.checking import EXERCISES, Outcome, check, examine
from pubsub_lib.lab.exercises.hints import hint
from pubsub_lib.lab.exercises.overview import show_progress

__all__ = ["EXERCISES", "Outcome", "check", "examine", "hint", "show_progress"]

for _module in iter_modules(__path__):  # each registers its exercises as it is imported
    import_module(f"{__name__}.{_module.name}")
