"""An office at its counter, with one claim that is overdue."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from support.counter import Counter, counter

TUESDAY = date(2026, 1, 20)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Counter]:
    with counter(tmp_path, TUESDAY) as running:
        yield running
