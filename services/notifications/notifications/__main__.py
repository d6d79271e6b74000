"""``python -m notifications``: this service as a process of its own, in the cluster profile."""

from __future__ import annotations

import sys

from notifications.app import build
from notifications.settings import Settings
from shared.serve import main

if __name__ == "__main__":
    sys.exit(main("notifications", Settings, build))
