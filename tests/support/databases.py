"""A database for a test, on SQLite and on PostgreSQL: a test that takes ``database_url`` or ``databases`` runs on both.

``databases.url(name)`` gives a fresh one per name (a pair of services has two); on SQLite that is None, which tells
the settings to use the service's own file in the test's data folder.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.parts import fresh_database, give_back

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.needs_part("postgres_url"))]


class Databases:
    """Fresh databases of one kind, dropped at the end of the test. ``server`` None: SQLite."""

    def __init__(self, server: str | None) -> None:
        self._server = server
        self._made: dict[str, str] = {}

    @property
    def dialect(self) -> str:
        return "sqlite" if self._server is None else "postgresql"

    def url(self, name: str) -> str | None:
        """The address of this test's database called ``name``; the same for the same name."""
        if self._server is None:
            return None
        if name not in self._made:
            self._made[name] = fresh_database(self._server)
        return self._made[name]

    def drop(self) -> None:
        for url in self._made.values():
            give_back(url)


def databases_of(kind: str, request: pytest.FixtureRequest) -> Iterator[Databases]:
    """Make the databases of a kind; for fixtures that are parametrised by more than the kind."""
    found = Databases(None if kind == "sqlite" else request.getfixturevalue("postgres_url"))
    yield found
    found.drop()


@pytest.fixture(params=BOTH)
def databases(request: pytest.FixtureRequest) -> Iterator[Databases]:
    """Fresh databases: SQLite's, then PostgreSQL's."""
    yield from databases_of(request.param, request)


@pytest.fixture
def database_url(databases: Databases) -> str | None:
    """One fresh database: None for SQLite's file in the data folder, else the address of PostgreSQL's."""
    return databases.url("one")
