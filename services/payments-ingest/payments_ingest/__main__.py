"""``python -m payments_ingest``: this service as a process of its own, in the cluster profile."""

from __future__ import annotations

import sys

from payments_ingest.app import build
from payments_ingest.settings import Settings
from shared.serve import main

if __name__ == "__main__":
    sys.exit(main("payments-ingest", Settings, build))
