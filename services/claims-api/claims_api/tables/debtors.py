"""Debtors (skyldnere): the only place in the platform where a national identity number is kept."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field

from claims_api.tables.base import ID, Model
from shared.db import Instant, JsonType


class DebtorRow(Model, table=True):
    """A person or business that owes. ``version`` counts changes of what the ``parties`` topic shows.

    ``id_sealed`` is the national id under AES-256-GCM (key ``id_key``, bound to ``debtor_ref``); ``id_index`` is its
    keyed blind index, the only way to find a person by number. A debtor without one is never found again, so never
    merged. A business is found by ``org_number``, which persons lack. An erased debtor keeps its reference and version
    alone.
    """

    __tablename__ = "debtor"
    __table_args__ = (
        Index(
            "uq_debtor_organisation", "org_number", unique=True,
            sqlite_where=text("org_number IS NOT NULL"), postgresql_where=text("org_number IS NOT NULL"),
        ),
    )  # fmt: skip

    debtor_ref: str = Field(primary_key=True, max_length=ID)
    kind: str = Field(max_length=10)
    id_sealed: bytes | None = None
    id_key: str | None = Field(default=None, max_length=20)
    id_index: str | None = Field(default=None, max_length=64, unique=True)
    org_number: str | None = Field(default=None, max_length=9)
    birth_date: date | None = None
    name: str = Field(max_length=200)
    address: dict[str, Any] | None = Field(default=None, sa_type=JsonType)
    language: str = Field(max_length=2)
    protection: str = Field(max_length=24)
    version: int
    created_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)
    erased_at: datetime | None = Field(default=None, sa_type=Instant)


class RepresentativeRow(Model, table=True):
    """Who acts for a debtor: guardian (verge), estate (dødsbo), bankruptcy estate (konkursbo) or attorney."""

    __tablename__ = "representative"

    debtor_ref: str = Field(primary_key=True, max_length=ID, foreign_key="debtor.debtor_ref")
    kind: str = Field(max_length=20)
    name: str = Field(max_length=200)
    id_sealed: bytes | None = None
    id_key: str | None = Field(default=None, max_length=20)
    org_number: str | None = Field(default=None, max_length=9)
    address: dict[str, Any] | None = Field(default=None, sa_type=JsonType)
    recorded_at: datetime = Field(sa_type=Instant)
