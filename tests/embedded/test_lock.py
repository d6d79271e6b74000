"""One process per data folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from embedded.lock import DataFolderInUse, FolderLock

HOLD = """
import sys
from pathlib import Path
from embedded.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_holder_is_refused_and_told_what_to_do(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path / "var")
    with pytest.raises(DataFolderInUse, match=r"in use by process \d+: .*INKASSO_DATA_DIR"):
        FolderLock(tmp_path / "var")
    lock.release()
    FolderLock(tmp_path / "var").release()


def test_the_lock_goes_with_a_process_that_is_killed(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(DataFolderInUse, match=f"process {holder.pid}"):
            FolderLock(tmp_path)
        holder.kill()
    FolderLock(tmp_path).release()
