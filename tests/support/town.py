"""A whole installation for end-to-end tests: a server process of its own, used through HTTP and files only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from inkasso.demo.town import Town
from inkasso.server import OwnServer

START = date(2026, 1, 14)


@contextmanager
def running(folder: Path, start: date | None = START, **environment: str) -> Iterator[Town]:
    """A town on a running server whose files lie in ``folder``."""
    # A dropped file is taken at once: the tests write it elsewhere and move it in whole.
    with OwnServer(folder, start, {"INKASSO_INBOX_SETTLE_S": "0", **environment}) as server:
        yield Town(server.client)
