"""What is known of cases, claims and payers for matching: facts from events, never today's balance.

What is known of a case refers to its row by ``case_id`` alone: it is written with the case or after looking it up, and
what the events tell was proved where it was told.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger
from sqlmodel import Field

from payments_ingest.tables.base import ID, Model
from shared.db import Instant


class KnownCaseRow(Model, table=True):
    """A case (sak) and its saksnummer."""

    __tablename__ = "known_case"

    case_id: str = Field(primary_key=True, max_length=ID)
    case_number: str = Field(max_length=10, unique=True)
    creditor_unit: str = Field(max_length=80)
    account: str = Field(max_length=34)
    opened_on: date


class KnownClaimRow(Model, table=True):
    """A claim (krav): what was registered and what is left of it as far as events told."""

    __tablename__ = "known_claim"

    claim_id: str = Field(primary_key=True, max_length=ID)
    case_id: str = Field(max_length=ID, index=True)
    invoice_key: str = Field(max_length=60, index=True)
    principal_ore: int = Field(sa_type=BigInteger)
    principal_left_ore: int = Field(sa_type=BigInteger)
    total_left_ore: int = Field(sa_type=BigInteger)
    is_open: bool


class KnownKidRow(Model, table=True):
    """A KID that was given out, for ever. ``claim_id`` is set when it is a claim's own."""

    __tablename__ = "known_kid"

    kid: str = Field(primary_key=True, max_length=25)
    case_id: str = Field(max_length=ID)
    claim_id: str | None = Field(default=None, max_length=ID)


class KnownAmountRow(Model, table=True):
    """A sum that was asked for in a case: a demand's total or an instalment."""

    __tablename__ = "known_amount"

    case_id: str = Field(primary_key=True, max_length=ID)
    source_id: str = Field(primary_key=True, max_length=80)
    amount_ore: int = Field(sa_type=BigInteger)


class CaseDebtorRow(Model, table=True):
    """Who is liable in a case."""

    __tablename__ = "case_debtor"

    case_id: str = Field(primary_key=True, max_length=ID)
    debtor_ref: str = Field(primary_key=True, max_length=80, index=True)


class PartyRow(Model, table=True):
    """The newest version seen of a debtor's record; ``erased`` ones are blanked wherever they appear."""

    __tablename__ = "party"

    debtor_ref: str = Field(primary_key=True, max_length=80)
    version: int = Field(sa_type=BigInteger)
    erased: bool


class PartyNameRow(Model, table=True):
    """A keyed hash of one folded part of a debtor's name: good for comparing, useless for reading."""

    __tablename__ = "party_name"

    debtor_ref: str = Field(primary_key=True, max_length=80, foreign_key="party.debtor_ref")
    part: str = Field(primary_key=True, max_length=32, index=True)


class PayerAccountRow(Model, table=True):
    """An account (as keyed hash) that a payment to this case came from: suggests the case, never decides."""

    __tablename__ = "payer_account"

    account_hash: str = Field(primary_key=True, max_length=32)
    case_id: str = Field(primary_key=True, max_length=ID, index=True)
    learned_at: datetime = Field(sa_type=Instant)
