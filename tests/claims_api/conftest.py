"""A running claims-api for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.claims import Desk, desk


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as running:
        yield running


@pytest.fixture
def office_on_both(tmp_path: Path, database_url: str | None) -> Iterator[Desk]:
    """A claims-api on SQLite, then on PostgreSQL."""
    with desk(tmp_path, database_url=database_url) as running:
        yield running


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One claims-api for tests that store nothing."""
    with desk(tmp_path_factory.mktemp("door")) as running:
        yield running
