"""Writes a file whole or not at all, and says what to do where that cannot be done.

A learner's file is never half-written: the new content is written beside it, and takes its place
only when all of it is there.

>>> import tempfile
>>> with tempfile.TemporaryDirectory() as folder:
...     path = Path(folder, "progress.json")
...     save(path, b"[]")
...     path.read_bytes()
b'[]'
"""

import errno
import os
import shutil
from pathlib import Path

_NO_ROOM = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


class CannotSaveError(Exception):
    """A file could not be written. Says why, and the remedy; what was there is as it was."""


def save(path: Path, content: bytes) -> None:
    """Write a file, and its folder if that is missing.

    Raises:
        CannotSaveError: if it cannot be written. What was there before is as it was.
    """
    # Not mkstemp: it would leave a file that only its owner may read.
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            unfinished.write_bytes(content)
            if path.exists():
                shutil.copymode(path, unfinished)
            unfinished.replace(path)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _explained(path, error) from error


def move(path: Path, destination: Path) -> None:
    """Give a file another name in its folder.

    Raises:
        CannotSaveError: if that cannot be done. The file has its old name then.
    """
    try:
        path.rename(destination)
    except OSError as error:
        raise _explained(destination, error) from error


def _explained(path: Path, error: OSError) -> CannotSaveError:
    if error.errno in _NO_ROOM:
        remedy = "Make room on the disk, and try again"
    else:
        remedy = "Make its folder one that you may write to, or copy the whole course to one"
    reason = error.strerror or str(error)
    return CannotSaveError(f"{path} could not be written: {reason}. {remedy}; nothing was lost.")
