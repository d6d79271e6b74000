"""Named places where a test lets the process die: every commit boundary of the flow, before and after.

``INKASSO_FAILPOINT=name`` ends the process with SIGKILL's effect (no clean-up, no flush) the first time ``name`` is
reached, ``name#3`` the third time. ``INKASSO_FAILPOINT_LOG=file`` writes down every name that is reached, so that a
test can enumerate them. Neither is set in production, and then a failpoint costs one comparison.
"""

from __future__ import annotations

import os
import threading

_TARGET, _, _NTH = os.environ.get("INKASSO_FAILPOINT", "").partition("#")
_LOG = os.environ.get("INKASSO_FAILPOINT_LOG", "")
_ARMED = bool(_TARGET or _LOG)
_lock = threading.Lock()
_hits = 0

KILLED = 137
"""Exit status of a process that died at a failpoint, as after kill -9."""


def reach(name: str) -> None:
    """Say that the process is at this place; it may not come back."""
    if not _ARMED:
        return
    global _hits
    with _lock:
        if _LOG:
            with open(_LOG, "a", encoding="utf-8") as file:
                file.write(name + "\n")
        if name == _TARGET:
            _hits += 1
            if _hits == int(_NTH or 1):
                os._exit(KILLED)
