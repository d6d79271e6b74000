"""Named places where a test lets the process die: every commit boundary of the flow, before and after.

``INKASSO_FAILPOINT=name`` ends the process with SIGKILL's effect (no clean-up, no flush) the first time ``name`` is
reached, ``name#3`` the third time; ``*`` in it stands for anything. ``INKASSO_FAILPOINT_LOG=file`` writes down every
name that is reached, so that a test can enumerate them. Neither is set in production, and then a failpoint costs one
comparison.
"""

from __future__ import annotations

import os
import re
import threading

_lock = threading.Lock()
_log = ""
_place: re.Pattern[str] | None = None
_left = 0
_watched = False

KILLED = 137
"""Exit status of a process that died at a failpoint, as after kill -9."""


def pattern(name: str) -> re.Pattern[str]:
    """Return what a place's full name must match; ``*`` stands for anything."""
    return re.compile(".*".join(re.escape(part) for part in name.split("*")))


def arm(place: str) -> None:
    """Let this process die at a place, from now on: what ``INKASSO_FAILPOINT`` says at the start."""
    global _place, _left, _watched
    name, _, nth = place.partition("#")
    with _lock:
        _place = pattern(name)
        _left = int(nth or 1)
        _watched = True


def reach(name: str) -> None:
    """Say that the process is at this place; it may not come back."""
    if not _watched:
        return
    global _left
    with _lock:
        if _log:
            with open(_log, "a", encoding="utf-8") as file:
                file.write(name + "\n")
        if _place is not None and _place.fullmatch(name):
            _left -= 1
            if _left == 0:
                os._exit(KILLED)


def obey_environment() -> None:
    """Do what the environment says; again in a process whose environment was changed after this was loaded."""
    global _log, _watched
    _log = os.environ.get("INKASSO_FAILPOINT_LOG", "")
    _watched = bool(_log)
    if place := os.environ.get("INKASSO_FAILPOINT"):
        arm(place)


obey_environment()
