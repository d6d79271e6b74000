"""kill -9, ten times, in the middle of publishing: nothing acknowledged is lost, nothing is torn."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from bus.behaviour import Names, read
from support.machine import HandMachine

from shared.bus.embedded import EmbeddedBus

ROOT = Path(__file__).parents[2]
KILLS = 10
ACKNOWLEDGED = 40
"""How many acknowledgements the parent waits for before each kill."""


def publish_and_kill(path: Path, first: int) -> list[int]:
    """Run a publisher until it has acknowledged enough, kill it, return every number it acknowledged."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    script = ROOT / "tests" / "bus" / "publish_until_killed.py"
    with subprocess.Popen(
        [sys.executable, str(script), str(path), str(first)], stdout=subprocess.PIPE, text=True, env=environment
    ) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(ACKNOWLEDGED)]
        child.kill()
        lines += child.stdout.readlines()
    assert child.returncode == -signal.SIGKILL
    return [int(line) for line in lines if line.endswith("\n")]


@pytest.mark.anyio
async def test_everything_acknowledged_before_a_kill_is_there(tmp_path: Path) -> None:
    path = tmp_path / "bus.db"
    names = Names()
    acknowledged: list[int] = []
    for _ in range(KILLS):
        acknowledged += publish_and_kill(path, first=1_000_000 * (len(acknowledged) + 1))
    assert len(acknowledged) >= KILLS * ACKNOWLEDGED

    bus = EmbeddedBus(path, names.catalogue(), machine=HandMachine())
    await bus.start()
    total = sum((await bus.end_offsets(names.events)).values())
    records = await read(await bus.consumer("g", [names.events]), total)
    await bus.stop()

    offsets = defaultdict(list)
    for record in records:
        offsets[record.partition].append(record.offset)
    assert all(found == list(range(len(found))) for found in offsets.values())
    published = {(record.value or b"").decode() for record in records}
    assert {str(number) * 50 for number in acknowledged} <= published
    assert len(published) == len(records)
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
