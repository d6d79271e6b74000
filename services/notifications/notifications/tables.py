"""The tables of notifications: who is written to, which letters there are, and every document in and out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, MetaData
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from shared.db import Instant, JsonType
from shared.tables import naming, plumbing


class Model(SQLModel, registry=registry(metadata=MetaData(naming_convention=naming))):
    """Base of the tables of this service; SQLModel declares them, Core statements in ``store`` use them."""


class PartyRow(Model, table=True):
    """A debtor's contact facts, the newest version taken from ``parties``. Erased: only ref, version and the mark."""

    __tablename__ = "party"

    debtor_ref: str = Field(primary_key=True, max_length=80)
    version: int = Field(sa_type=BigInteger)
    erased: bool = False
    kind: str = Field(max_length=10)
    name: str
    address: dict[str, Any] | None = Field(default=None, sa_type=JsonType)
    language: str = Field(max_length=2)
    sealed_national_id: str | None = None
    org_number: str | None = Field(default=None, max_length=9)
    protection: str = Field(default="none", max_length=24)
    representative: dict[str, Any] | None = Field(default=None, sa_type=JsonType)


class MailingRow(Model, table=True):
    """The letters of one demand or notice, which go out together (forsendelse). ``facts`` is the frozen event.

    ``until``: last day claims-api's release holds. ``asked_on``: last day it was asked for one.
    """

    __tablename__ = "mailing"
    __table_args__ = (Index("ix_mailing_case_id_created_at", "case_id", "created_at"),)

    mailing_id: str = Field(primary_key=True, max_length=80)
    case_id: str = Field(max_length=80)
    kind: str = Field(max_length=30)
    is_demand: bool
    state: str = Field(max_length=12, index=True)
    facts: dict[str, Any] = Field(sa_type=JsonType)
    dated: date
    until: date | None = None
    asked_on: date | None = None
    withdrawn_reason: str | None = Field(default=None, max_length=80)
    withdrawn_after_dispatch: bool = False
    created_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


class TextRow(Model, table=True):
    """Words that a letter prints, sealed as they came on ``parties``. Erased: only id, version and the mark."""

    __tablename__ = "printed_text"

    text_id: str = Field(primary_key=True, max_length=80)
    version: int = Field(sa_type=BigInteger)
    erased: bool = False
    sealed_text: str | None = None


class MailingTextRow(Model, table=True):
    """A text that the letters of a mailing print, and wait for."""

    __tablename__ = "mailing_text"

    mailing_id: str = Field(primary_key=True, foreign_key="mailing.mailing_id", max_length=80)
    ordinal: int = Field(primary_key=True)
    text_id: str = Field(index=True, max_length=80)


class LetterRow(Model, table=True):
    """One recipient's letter (brev). ``party_version`` is the version of the party record it must wait for.

    ``submitted_on`` is written before a channel is asked; ``retry_at`` is the machine's time, not the business clock's.
    """

    __tablename__ = "letter"
    __table_args__ = (
        Index("ix_letter_case_id_created_at_letter_id", "case_id", "created_at", "letter_id"),
        Index("ix_letter_debtor_ref_created_at", "debtor_ref", "created_at"),
        Index("ix_letter_unit_created_at", "unit", "created_at"),
        Index("ix_letter_state_created_at", "state", "created_at"),
    )

    letter_id: str = Field(primary_key=True, max_length=80)
    mailing_id: str = Field(foreign_key="mailing.mailing_id", index=True, max_length=80)
    case_id: str = Field(max_length=80)
    case_number: str = Field(max_length=80)
    debtor_ref: str = Field(max_length=80)
    ordinal: int
    unit: str = Field(max_length=80)
    kind: str = Field(max_length=30)
    state: str = Field(max_length=12)
    party_version: int = Field(sa_type=BigInteger)
    dated: date
    deadline: date | None = None
    amount_ore: int = Field(sa_type=BigInteger)
    language: str | None = Field(default=None, max_length=2)
    sha256: str | None = Field(default=None, max_length=64)
    pages: int | None = None
    channel: str | None = Field(default=None, max_length=20)
    attempts: int = 0
    submitted_on: date | None = None
    retry_at: datetime | None = Field(default=None, sa_type=Instant)
    dispatched_on: date | None = None
    sent_on: date | None = None
    receipts: list[dict[str, Any]] = Field(default_factory=list, sa_type=JsonType)
    failure: str | None = Field(default=None, max_length=80)
    created_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


class DocumentRow(Model, table=True):
    """A document in the archive: a letter that was made (out) or a file that was handed in (in)."""

    __tablename__ = "document"

    document_id: str = Field(primary_key=True, max_length=80)
    direction: str = Field(max_length=3)
    media_type: str = Field(max_length=40)
    sha256: str = Field(foreign_key="document_content.sha256", max_length=64, index=True)
    size_bytes: int = Field(sa_type=BigInteger)
    letter_id: str | None = Field(default=None, foreign_key="letter.letter_id", unique=True, max_length=80)
    uploaded_by: str | None = Field(default=None, max_length=120)
    unit: str | None = Field(default=None, max_length=80)
    debtor_ref: str | None = Field(default=None, max_length=80)
    created_at: datetime = Field(sa_type=Instant)


class DocumentContentRow(Model, table=True):
    """A document's bytes, once for all documents that have the same."""

    __tablename__ = "document_content"

    sha256: str = Field(primary_key=True, max_length=64)
    content: bytes = Field(sa_type=LargeBinary)


class PackageRow(Model, table=True):
    """A legal package (begjæring eller klage med bilag). ``facts`` is the frozen event, ``files`` what was made.

    The files themselves name people by national id and lie only where they were handed over; their hashes are here.
    ``taken_back``: a withdrawn package is no longer there either.
    """

    __tablename__ = "package"
    __table_args__ = (
        Index("ix_package_case_id_created_at", "case_id", "created_at"),
        Index("ix_package_state_created_at", "state", "created_at"),
    )

    package_id: str = Field(primary_key=True, max_length=80)
    case_id: str = Field(max_length=80)
    legal_step_id: str = Field(max_length=80)
    kind: str = Field(max_length=20)
    body: str = Field(max_length=30)
    state: str = Field(max_length=12)
    facts: dict[str, Any] = Field(sa_type=JsonType)
    frozen_on: date
    office: str | None = Field(default=None, max_length=20)
    files: list[dict[str, Any]] = Field(sa_type=JsonType)
    sha256: str | None = Field(default=None, max_length=64)
    attempts: int = 0
    retry_at: datetime | None = Field(default=None, sa_type=Instant)
    submitted_on: date | None = None
    reference: str | None = Field(default=None, max_length=80)
    failure: str | None = Field(default=None, max_length=80)
    withdrawn_reason: str | None = Field(default=None, max_length=80)
    taken_back: bool = False
    created_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


class PackagePartyRow(Model, table=True):
    """Whom a package is about, and the version of the party record it waits for."""

    __tablename__ = "package_party"

    package_id: str = Field(primary_key=True, foreign_key="package.package_id", max_length=80)
    debtor_ref: str = Field(primary_key=True, max_length=80)
    party_version: int = Field(sa_type=BigInteger)


class LegalStepRow(Model, table=True):
    """A legal step (rettslig skritt) as far as packages need it: its package, and why it fell away if it did.

    The two topics that tell of it have no order between them: either may come first.
    """

    __tablename__ = "legal_step"

    legal_step_id: str = Field(primary_key=True, max_length=80)
    package_id: str | None = Field(default=None, max_length=80, index=True)
    dropped_reason: str | None = Field(default=None, max_length=80)


PLUMBING = plumbing(Model.metadata)
