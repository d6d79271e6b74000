"""A treasury of its own for every test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from support.treasury import Treasury


@pytest.fixture
def treasury(tmp_path: Path) -> Iterator[Treasury]:
    kept = Treasury(tmp_path, date(2026, 1, 16))
    yield kept
    kept.db.close()
