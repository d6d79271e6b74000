"""``python -m claims_api``: this service as a process of its own, in the cluster profile."""

from __future__ import annotations

import sys

from claims_api.app import build
from claims_api.settings import Settings
from shared.serve import main

if __name__ == "__main__":
    sys.exit(main("claims-api", Settings, build))
