"""Legal packages: what is to be made, what was, and which legal steps each is for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, exists, func, or_, select, update

from notifications.domain.states import PackageState
from notifications.store.parties import PARTY
from notifications.tables import LegalStepRow, PackagePartyRow, PackageRow
from shared.db import chunks, insert_ignore, lock_rows, table_of, upsert

PACKAGE = table_of(PackageRow)
PACKAGE_PARTY = table_of(PackagePartyRow)
LEGAL_STEP = table_of(LegalStepRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package, all its columns."""

    package_id: str
    case_id: str
    legal_step_id: str
    kind: str
    body: str
    state: PackageState
    facts: dict[str, Any]
    frozen_on: date
    office: str | None
    files: list[dict[str, Any]]
    sha256: str | None
    attempts: int
    retry_at: datetime | None
    submitted_on: date | None
    reference: str | None
    failure: str | None
    withdrawn_reason: str | None
    taken_back: bool
    created_at: datetime
    ended_at: datetime | None


def _package(row: RowMapping) -> Package:
    return Package(**{**row, "state": PackageState(row["state"])})


def add(tx: Connection, packages: Sequence[Mapping[str, Any]], parties: Sequence[Mapping[str, Any]]) -> None:
    """Store new packages with whom they are about; those that are there already stay as they are."""
    insert_ignore(tx, PACKAGE, packages)
    insert_ignore(tx, PACKAGE_PARTY, parties)


def put_steps(tx: Connection, package_of: Mapping[str, str]) -> None:
    """Say which package each of these legal steps has."""
    rows = [{"legal_step_id": step, "package_id": package} for step, package in sorted(package_of.items())]
    upsert(tx, LEGAL_STEP, rows, key=["legal_step_id"], update=["package_id"])


def drop_steps(tx: Connection, reasons: Mapping[str, str]) -> None:
    """Write down that these legal steps fell away, also those whose package has not come."""
    rows = [{"legal_step_id": step, "dropped_reason": reason} for step, reason in sorted(reasons.items())]
    upsert(tx, LEGAL_STEP, rows, key=["legal_step_id"], update=["dropped_reason"])


def steps(tx: Connection, legal_step_ids: Iterable[str]) -> dict[str, tuple[str | None, str | None]]:
    """Return the package of each of these legal steps, and why it fell away; the unknown are left out."""
    found: dict[str, tuple[str | None, str | None]] = {}
    for piece in chunks(sorted(set(legal_step_ids))):
        rows = tx.execute(select(LEGAL_STEP).where(LEGAL_STEP.c.legal_step_id.in_(piece)))
        found.update({row.legal_step_id: (row.package_id, row.dropped_reason) for row in rows})
    return found


def lock(tx: Connection, package_ids: Iterable[str]) -> dict[str, Package]:
    """Lock these packages and return them as they are under the lock; the unknown are left out."""
    wanted = sorted(set(package_ids))
    lock_rows(tx, PACKAGE, "package_id", wanted)
    return find(tx, wanted)


def find(tx: Connection, package_ids: Iterable[str]) -> dict[str, Package]:
    """Return these packages; the unknown are left out."""
    found: dict[str, Package] = {}
    for piece in chunks(sorted(set(package_ids))):
        rows = tx.execute(select(PACKAGE).where(PACKAGE.c.package_id.in_(piece))).mappings()
        found.update({row["package_id"]: _package(row) for row in rows})
    return found


def change(tx: Connection, package_ids: Iterable[str], **values: Any) -> None:
    """Set columns of these packages to the same values."""
    for piece in chunks(sorted(set(package_ids))):
        tx.execute(update(PACKAGE).where(PACKAGE.c.package_id.in_(piece)).values(**values))


def to_make(tx: Connection, now: datetime, limit: int) -> list[Package]:
    """Return the oldest planned packages that wait for no party's version; ``now`` is the machine's time."""
    came = exists().where(
        PARTY.c.debtor_ref == PACKAGE_PARTY.c.debtor_ref,
        or_(PARTY.c.version >= PACKAGE_PARTY.c.party_version, PARTY.c.erased),
    )
    lacks = exists().where(and_(PACKAGE_PARTY.c.package_id == PACKAGE.c.package_id, ~came))
    query = (
        select(PACKAGE)
        .where(
            PACKAGE.c.state == PackageState.PLANNED,
            or_(PACKAGE.c.retry_at.is_(None), PACKAGE.c.retry_at <= now),
            ~lacks,
        )
        .order_by(PACKAGE.c.created_at, PACKAGE.c.package_id)
        .limit(limit)
    )
    return [_package(row) for row in tx.execute(query).mappings()]


def to_take_back(tx: Connection, limit: int) -> list[Package]:
    """Return withdrawn packages that may still lie where they were handed over."""
    query = (
        select(PACKAGE)
        .where(PACKAGE.c.state == PackageState.WITHDRAWN, ~PACKAGE.c.taken_back)
        .order_by(PACKAGE.c.created_at, PACKAGE.c.package_id)
        .limit(limit)
    )
    return [_package(row) for row in tx.execute(query).mappings()]


def page(tx: Connection, *, case_id: str | None, after: str | None, limit: int) -> list[Package]:
    """Return the next packages, oldest first, after the package ``after``; an unknown ``after`` gives none."""
    query = select(PACKAGE).order_by(PACKAGE.c.created_at, PACKAGE.c.package_id).limit(limit)
    if case_id is not None:
        query = query.where(PACKAGE.c.case_id == case_id)
    if after is not None:
        mark = tx.execute(select(PACKAGE.c.created_at).where(PACKAGE.c.package_id == after)).scalar_one_or_none()
        if mark is None:
            return []
        same_instant = and_(PACKAGE.c.created_at == mark, PACKAGE.c.package_id > after)
        query = query.where(or_(PACKAGE.c.created_at > mark, same_instant))
    return [_package(row) for row in tx.execute(query).mappings()]


def planned_before(tx: Connection, instant: datetime) -> int:
    """Count the packages that were planned before an instant and are not made."""
    query = (
        select(func.count())
        .select_from(PACKAGE)
        .where(PACKAGE.c.state == PackageState.PLANNED, PACKAGE.c.created_at < instant)
    )
    return int(tx.execute(query).scalar_one())


def unfinished(tx: Connection) -> int:
    """Count the packages that are to be made or taken back."""
    query = (
        select(func.count())
        .select_from(PACKAGE)
        .where(
            or_(
                PACKAGE.c.state == PackageState.PLANNED,
                and_(PACKAGE.c.state == PackageState.WITHDRAWN, ~PACKAGE.c.taken_back),
            )
        )
    )
    return int(tx.execute(query).scalar_one())
