"""Units' statements: what moved in a month, what is owed from before, and the statements that were made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, select, update

from claims_api.domain.ledger import Account, EntryKind
from claims_api.domain.remittance import FIGURES, Figures, Movement
from claims_api.store.ledger import LEDGER
from claims_api.store.periods import VOUCHER
from claims_api.tables import CaseRow, ClaimRow, RemittanceLineRow, RemittanceRow
from shared.db import chunks, insert_rows, lock_rows, table_of

REMITTANCE = table_of(RemittanceRow)
LINE = table_of(RemittanceLineRow)
_CLAIM = table_of(ClaimRow)
_CASE = table_of(CaseRow)

NONE, NO_ACCOUNT, UNSIGNED = "none", "no_account", "unsigned"
RESERVED, SETTLED, REJECTED = "reserved", "settled", "rejected"
"""What became of a statement's payout; ``unsigned`` waits for the unit."""
STANDING = (UNSIGNED, RESERVED, SETTLED)
"""A payout that is spoken for: no later statement may count on it."""
WAITING, ACCEPTED, DISPUTED = "waiting", "accepted", "disputed"
"""What the unit said of a statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remittance:
    """A unit's statement of a month (avregning), its payout and its sign-off."""

    remittance_id: str
    unit: str
    period: str
    made_on: date
    made_at: datetime
    figures: Figures
    carried_ore: int
    payable_ore: int
    account: str | None
    payout: str
    settled_on: date | None = None
    payout_reason: str | None = None
    sign_off: str = WAITING
    signed_by: str | None = None
    signed_at: datetime | None = None
    comment: str | None = None
    answer: str | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None
    shares: Sequence[Mapping[str, Any]] = ()

    @property
    def paid_ore(self) -> int:
        """What waits for the unit, is on its way to it or with it; a rejected payout is free again."""
        return self.payable_ore if self.payout in STANDING else 0


_PLAIN = tuple(name for name in Remittance.__slots__ if name != "figures")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimLine:
    """One claim in a statement, with the names the unit knows it by; ``unit_gets`` as its agreement divides it."""

    claim_id: str
    case_number: str
    external_ref: str
    invoice_number: str
    unit_gets: Sequence[str]
    figures: Figures


def movements_of(tx: Connection, unit: str, period: str) -> dict[str, list[Movement]]:
    """Return what moved on a unit's claims in a month, by claim; what concerns no claim is no receivable."""
    return _by_claim(tx, _moved(unit).where(VOUCHER.c.period == period))


def movements_since(tx: Connection, unit: str, period: str, start: datetime) -> dict[str, list[Movement]]:
    """Return what moved on a unit's claims after a month that ended at ``start``: in later months, or not numbered."""
    later = VOUCHER.c.source_event.is_(None) | (VOUCHER.c.period > period)
    return _by_claim(tx, _moved(unit, outer=True).where(later, LEDGER.c.recorded_at >= start))


def shares_of(tx: Connection, claim_ids: Iterable[str]) -> dict[str, frozenset[Account]]:
    """Return what the unit gets of each of these claims, by the agreement it came under."""
    found: dict[str, frozenset[Account]] = {}
    for piece in chunks(sorted(set(claim_ids))):
        query = select(_CLAIM.c.claim_id, _CLAIM.c.unit_gets).where(_CLAIM.c.claim_id.in_(piece))
        found.update({claim_id: frozenset(map(Account, gets)) for claim_id, gets in tx.execute(query)})
    return found


def closings(tx: Connection, remittance_id: str) -> dict[str, int]:
    """Return what each claim of a statement was still owed at its end; those with nothing are left out."""
    query = select(LINE.c.claim_id, LINE.c.closing_ore).where(
        LINE.c.remittance_id == remittance_id, LINE.c.closing_ore != 0
    )
    return {claim_id: int(closing) for claim_id, closing in tx.execute(query)}


def latest_before(tx: Connection, unit: str, period: str) -> Remittance | None:
    """Return a unit's newest statement of an earlier month."""
    query = select(REMITTANCE).where(REMITTANCE.c.unit == unit, REMITTANCE.c.period < period)
    row = tx.execute(query.order_by(REMITTANCE.c.period.desc()).limit(1)).mappings().first()
    return _remittance(row) if row else None


def carried(tx: Connection, unit: str, period: str) -> int:
    """Return what earlier months left over for a unit: all that was its own, less every payout that stands."""
    earlier = (REMITTANCE.c.unit == unit, REMITTANCE.c.period < period)
    own = select(func.coalesce(func.sum(REMITTANCE.c.to_unit_ore), 0)).where(*earlier)
    paid = select(func.coalesce(func.sum(REMITTANCE.c.payable_ore), 0)).where(
        *earlier, REMITTANCE.c.payout.in_(STANDING)
    )
    return int(tx.execute(own).scalar_one()) - int(tx.execute(paid).scalar_one())


def units_with(tx: Connection, period: str) -> set[str]:
    """Return the units that have their statement of a month."""
    return set(tx.execute(select(REMITTANCE.c.unit).where(REMITTANCE.c.period == period)).scalars())


def add_remittance(tx: Connection, remittance: Remittance, lines: Mapping[str, Figures]) -> None:
    """Store a statement with its claims."""
    row = {name: getattr(remittance, name) for name in _PLAIN} | _figures(remittance.figures)
    insert_rows(tx, REMITTANCE, [row])
    rows = [
        {"remittance_id": remittance.remittance_id, "claim_id": claim_id, **_figures(one)}
        for claim_id, one in sorted(lines.items())
    ]
    for piece in chunks(rows):
        insert_rows(tx, LINE, piece)


def find_remittance(tx: Connection, remittance_id: str, *, lock: bool = False) -> Remittance | None:
    """Return a statement."""
    if lock:
        lock_rows(tx, REMITTANCE, "remittance_id", [remittance_id])
    row = tx.execute(select(REMITTANCE).where(REMITTANCE.c.remittance_id == remittance_id)).mappings().first()
    return _remittance(row) if row else None


def known_among(tx: Connection, ids: Iterable[str]) -> set[str]:
    """Return which of these ids are statements'."""
    found: set[str] = set()
    for piece in chunks(sorted(set(ids))):
        query = select(REMITTANCE.c.remittance_id).where(REMITTANCE.c.remittance_id.in_(piece))
        found.update(tx.execute(query).scalars())
    return found


def change_remittance(tx: Connection, remittance_id: str, **changes: Any) -> None:
    """Record what became of a statement's payout or sign-off; its figures stay."""
    tx.execute(update(REMITTANCE).where(REMITTANCE.c.remittance_id == remittance_id).values(**changes))


def remittances_page(tx: Connection, unit: str, *, after: str | None, limit: int) -> list[Remittance]:
    """Return a unit's statements, newest month first, from the one after the month ``after``."""
    query = select(REMITTANCE).where(REMITTANCE.c.unit == unit).order_by(REMITTANCE.c.period.desc()).limit(limit)
    if after is not None:
        query = query.where(REMITTANCE.c.period < after)
    return [_remittance(row) for row in tx.execute(query).mappings()]


def remittances_where(
    tx: Connection, *, sign_off: str | None, payout: str | None, after: str | None, limit: int
) -> list[Remittance]:
    """Return the statements of all units that are in a state, newest first, from the one after ``after`` (an id)."""
    query = select(REMITTANCE).order_by(REMITTANCE.c.remittance_id.desc()).limit(limit)
    for column, value in ((REMITTANCE.c.sign_off, sign_off), (REMITTANCE.c.payout, payout)):
        if value is not None:
            query = query.where(column == value)
    if after is not None:
        query = query.where(REMITTANCE.c.remittance_id < after)
    return [_remittance(row) for row in tx.execute(query).mappings()]


def lines_page(tx: Connection, remittance_id: str, *, after: str | None, limit: int) -> list[ClaimLine]:
    """Return a statement's claims in order of their ids, from the one after ``after``."""
    query = (
        select(LINE, _CLAIM.c.external_ref, _CLAIM.c.invoice_number, _CLAIM.c.unit_gets, _CASE.c.case_number)
        .join(_CLAIM, _CLAIM.c.claim_id == LINE.c.claim_id)
        .join(_CASE, _CASE.c.case_id == _CLAIM.c.case_id)
        .where(LINE.c.remittance_id == remittance_id)
        .order_by(LINE.c.claim_id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(LINE.c.claim_id > after)
    return [
        ClaimLine(
            claim_id=row["claim_id"],
            case_number=row["case_number"],
            external_ref=row["external_ref"],
            invoice_number=row["invoice_number"],
            unit_gets=row["unit_gets"],
            figures=_read_figures(row),
        )
        for row in tx.execute(query).mappings()
    ]


def all_lines(tx: Connection, remittance_id: str, size: int) -> Iterator[Sequence[ClaimLine]]:
    """Yield a statement's claims page by page."""
    after = None
    while found := lines_page(tx, remittance_id, after=after, limit=size):
        yield found
        after = found[-1].claim_id


def lines_off(tx: Connection) -> list[str]:
    """Return the statements whose claims do not add up to them."""
    sums = [func.coalesce(func.sum(LINE.c[name]), 0) for name in FIGURES]
    query = (
        select(REMITTANCE, *(total.label(f"sum_{name}") for name, total in zip(FIGURES, sums, strict=True)))
        .select_from(REMITTANCE.outerjoin(LINE, LINE.c.remittance_id == REMITTANCE.c.remittance_id))
        .group_by(*REMITTANCE.c)
    )
    off = []
    for row in tx.execute(query).mappings():
        found = _read_figures(row)
        if not found.adds_up or any(row[f"sum_{name}"] != row[name] for name in FIGURES):
            off.append(f"{row['unit']} {row['period']}")
    return sorted(off)


def _moved(unit: str, *, outer: bool = False) -> Select[Any]:
    columns = (LEDGER.c.claim_id, LEDGER.c.case_id, LEDGER.c.kind, LEDGER.c.debit, LEDGER.c.credit)
    joined = LEDGER.join(VOUCHER, VOUCHER.c.source_event == LEDGER.c.source_event, isouter=outer)
    total = func.sum(LEDGER.c.amount_ore).label("amount_ore")
    return select(*columns, total).select_from(joined).where(LEDGER.c.unit == unit).group_by(*columns)


def _by_claim(tx: Connection, query: Select[Any]) -> dict[str, list[Movement]]:
    found: dict[str, list[Movement]] = {}
    for row in tx.execute(query.where(LEDGER.c.claim_id.is_not(None))).mappings():
        found.setdefault(row["claim_id"], []).append(_movement(row))
    return found


def _movement(row: RowMapping) -> Movement:
    return Movement(
        claim_id=row["claim_id"],
        case_id=row["case_id"],
        kind=EntryKind(row["kind"]),
        debit=Account(row["debit"]),
        credit=Account(row["credit"]),
        amount_ore=int(row["amount_ore"]),
    )


def _figures(found: Figures) -> dict[str, int]:
    return {name: getattr(found, name) for name in FIGURES}


def _read_figures(row: RowMapping) -> Figures:
    return Figures(**{name: row[name] for name in FIGURES})


def _remittance(row: RowMapping) -> Remittance:
    return Remittance(figures=_read_figures(row), **{name: row[name] for name in _PLAIN})
