"""A file is written whole or not at all, and whoever saves is told why not."""

import os
import subprocess
import sys

import pytest

from pubsub_lib.lab.lesson.saving import CannotSaveError, move, save


def test_a_file_is_written_and_its_folder_made(tmp_path):
    save(tmp_path / "a" / "b", b"content")
    assert (tmp_path / "a" / "b").read_bytes() == b"content"
    assert os.listdir(tmp_path / "a") == ["b"]


def test_a_new_file_can_be_read_by_whom_the_user_allows_it(tmp_path):
    (tmp_path / "usual").touch()
    save(tmp_path / "saved", b"")
    assert (tmp_path / "saved").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path):
    path = tmp_path / "mine"
    path.touch(mode=0o600)
    save(path, b"new")
    assert path.stat().st_mode & 0o777 == 0o600


def test_where_no_folder_can_be_made_the_message_names_the_remedy(tmp_path):
    (tmp_path / "a file").touch()
    with pytest.raises(CannotSaveError, match=r"a file.* may write to, .*; nothing was lost\."):
        save(tmp_path / "a file" / "b", b"")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
def test_on_a_full_disk_the_old_content_stays_whole(tmp_path):
    # A limit on the size of files fails a write in its midst, as a full disk does.
    program = """
import resource, sys
from pathlib import Path
from pubsub_lib.lab.lesson.saving import CannotSaveError, save
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    save(Path(sys.argv[1]), b"x" * 1000)
except CannotSaveError as problem:
    print(problem)
"""
    path = tmp_path / "notebook"
    path.write_bytes(b"old")
    run = subprocess.run(
        [sys.executable, "-c", program, path], capture_output=True, text=True, check=True
    )
    assert "could not be written: File too large. Make room on the disk" in run.stdout
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["notebook"]


def test_a_file_that_cannot_be_renamed_keeps_its_name(tmp_path):
    (tmp_path / "a").write_bytes(b"mine")
    with pytest.raises(CannotSaveError, match="could not be written"):
        move(tmp_path / "a", tmp_path / "no such folder" / "b")
    assert (tmp_path / "a").read_bytes() == b"mine"
