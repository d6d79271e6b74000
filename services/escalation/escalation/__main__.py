"""``python -m escalation``: this service as a process of its own, in the cluster profile."""

from __future__ import annotations

import sys

from escalation.app import build
from escalation.settings import Settings
from shared.serve import main

if __name__ == "__main__":
    sys.exit(main("escalation", Settings, build))
