"""kill -9 at every commit boundary and between the files: one letter to each recipient, everything told once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from support.mailroom import TODAY, Mailroom
from support.mailroom_story import tell

from shared.events.notifications import LetterDispatched, LetterReady, LetterSent
from shared.failpoints import KILLED

ROOT = Path(__file__).parents[2]
PATHS = [ROOT, ROOT / "tests", ROOT / "services/notifications"]

PLACES = (
    "notifications[letter.ready.v1].before_commit",
    "notifications[letter.ready.v1].after_commit",
    "notifications[].before_commit",  # letters marked as submitting
    "notifications[].after_commit",
    "notifications.dispatch.submitting",
    "notifications.folder.written",
    "notifications.folder.written#2",
    "notifications.folder.receipt",
    "notifications.folder.receipt#2",
    "notifications.dispatch.answered",
    "notifications[letter.dispatched.v1+letter.sent.v1].before_commit",
    "notifications[letter.dispatched.v1+letter.sent.v1].after_commit",
)


def run(folder: Path, **environment: str) -> int:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, PATHS)), **environment}
    command = [sys.executable, str(ROOT / "tests/support/mailroom_story.py"), str(folder)]
    return subprocess.run(command, env=env, check=False, capture_output=True).returncode


def test_every_commit_boundary_of_a_letters_way_is_on_the_list(tmp_path: Path) -> None:
    log = tmp_path / "places"
    assert run(tmp_path / "data", INKASSO_FAILPOINT_LOG=str(log)) == 0
    reached = Counter(name for name in log.read_text().splitlines() if "<-" not in name)
    assert set(reached) == {place.partition("#")[0] for place in PLACES}


@pytest.mark.parametrize("place", PLACES)
def test_a_process_killed_anywhere_ends_with_one_letter_each(tmp_path: Path, place: str) -> None:
    assert run(tmp_path, INKASSO_FAILPOINT=place) == KILLED
    room = tell(tmp_path)
    assert len(room.pdfs()) == len(room.receipts()) == 2
    assert {path.parent.name for path in room.pdfs()} == {TODAY.isoformat()}
    assert told(room) == {LetterReady: 1, LetterDispatched: 1, LetterSent: 2}
    assert [(one.first, one.last) for one in room.published(LetterSent)] == [(True, False), (False, True)]  # type: ignore[attr-defined]
    assert not list((room.folder / "letters").rglob(".*.part"))
    assert room.backlog() == 0


def told(room: Mailroom) -> Counter[type]:
    return Counter(type(payload) for payload in room.published())
