"""Makes of a learner's file a class, afresh each time, or says in plain words what is wrong.

>>> from pubsub_lib.lab.own_broker.given import given_state
>>> load(given_state("03")).__name__
'MyBroker'
"""

import inspect
import linecache
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

CLASS = "MyBroker"
_METHODS = ("subscribe", "publish", "shutdown")
_MODULE = "my_broker"


class CannotLoadError(Exception):
    """A learner's file gives no broker. Says why, and the remedy."""


def load(path: Path) -> type[Any]:
    """Run the file as a new module and return its class `MyBroker`.

    Raises:
        CannotLoadError: if there is no such file, it cannot be run, or the class is not there, or
            lacks a method.
    """
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotLoadError(
            f'{path} cannot be read ({error}); start_my_broker_at("03") makes it'
        ) from error
    linecache.checkcache(str(path))  # or errors and films would show the lines of before
    module = ModuleType(_MODULE)
    module.__file__ = str(path)
    sys.modules[_MODULE] = module  # where dataclasses and the like look it up
    try:
        exec(compile(source, str(path), "exec"), module.__dict__)
    except SyntaxError as error:
        raise CannotLoadError(
            f"line {error.lineno} of {path.name} is no Python: {error.msg}, in "
            f"`{(error.text or '').strip()}`"
        ) from error
    except Exception as error:
        raise CannotLoadError(
            f"{path.name} cannot be run: {type(error).__name__}: {error}{place_in(path, error)}"
        ) from error
    return _checked(getattr(module, CLASS, None), path)


def place_in(path: Path, error: BaseException) -> str:
    """Say at which line of the file an error was raised; "" if it was not raised in it."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
    ]
    return f", in line {frames[-1].lineno}: `{frames[-1].line}`" if frames else ""


def method_in(path: Path, error: BaseException) -> str:
    """Return the name of the function of the file that raised an error; "" if none did."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.name for frame in reversed(frames) if frame.filename == str(path)), "")


def _checked(found: Any, path: Path) -> type[Any]:
    if not isinstance(found, type):
        raise CannotLoadError(
            f"{path.name} has no class {CLASS}; call yours so: `class {CLASS}[T]:`"
        )
    missing = [name for name in _METHODS if not callable(getattr(found, name, None))]
    if missing:
        raise CannotLoadError(
            f"{CLASS} has no {' and no '.join(f'{name}()' for name in missing)}; every broker has "
            f"{', '.join(f'{name}()' for name in _METHODS)}"
        )
    inherited = [name for name in _METHODS if _is_the_librarys(getattr(found, name))]
    if inherited:
        raise CannotLoadError(
            f"{CLASS} inherits {' and '.join(f'{name}()' for name in inherited)} from a broker of "
            "the library; it is to be your own: write them yourself"
        )
    if not inspect.iscoroutinefunction(getattr(found, _METHODS[1])):
        raise CannotLoadError(
            f"{CLASS}.publish() is to be awaited; write `async def publish(self, message)`"
        )
    return found


def _is_the_librarys(method: Any) -> bool:
    return str(getattr(method, "__module__", "")).startswith("pubsub_lib.")
