"""The ledger: recording transfers, and reading them back by case, claim, day and instant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Connection, CursorResult, RowMapping, func, select, text, update

from claims_api.domain.ledger import Account, Balance, EntryKind, Transfer
from claims_api.domain.remittance import Movement
from claims_api.tables import ClaimRow, LedgerRow
from claims_api.tables.money import RESERVED
from shared.db import Lookup, any_of, chunks, insert_all, table_of, update_rows
from shared.law import Trace
from shared.values import value

LEDGER = table_of(LedgerRow)
CLAIM = table_of(ClaimRow)
_COLUMNS = tuple(column.name for column in LEDGER.c)
_IN_ORDER = select(*(LEDGER.c[name] for name in _COLUMNS)).order_by(
    LEDGER.c.case_id, LEDGER.c.recorded_at, LEDGER.c.source_event, LEDGER.c.ordinal
)
_OF_CASES = Lookup(_IN_ORDER, [LEDGER.c.case_id])
_KINDS = {kind.value: kind for kind in EntryKind}
_ACCOUNTS = {account.value: account for account in Account}


def add_transfers(tx: Connection, transfers: Sequence[Transfer], *, fresh: bool = False) -> int:
    """Record transfers in one statement; returns how many were new.

    One that is there already is left as it is; ``fresh`` says that none can be, which is quicker.
    """
    return insert_all(tx, LEDGER, transfers, _COLUMNS, once=not fresh)


def of_cases(tx: Connection, case_ids: Iterable[str]) -> dict[str, list[Transfer]]:
    """Return every transfer of the cases by case, in the order they were recorded."""
    found: dict[str, list[Transfer]] = {case_id: [] for case_id in case_ids}
    for piece in chunks(sorted(found)):
        _sort_in(found, _OF_CASES.of(tx, piece))
    return found


def known_of_cases(
    tx: Connection, case_ids: Iterable[str], *, as_of: date, known_at: datetime | None
) -> dict[str, list[Transfer]]:
    """Return the transfers of the cases that count on ``as_of`` as known at ``known_at``, by case."""
    until = () if known_at is None else (LEDGER.c.recorded_at <= known_at,)
    found: dict[str, list[Transfer]] = {case_id: [] for case_id in case_ids}
    for piece in chunks(sorted(found)):
        wanted = (any_of(tx, LEDGER.c.case_id, piece), LEDGER.c.value_date <= as_of, *until)
        _sort_in(found, tx.execute(_IN_ORDER.where(*wanted)))
    return found


def _sort_in(found: Mapping[str, list[Transfer]], rows: CursorResult[Any]) -> None:
    for row in rows.all():
        transfer = _transfer(dict(zip(_COLUMNS, row, strict=True)))
        found[cast(str, transfer.case_id)].append(transfer)


def find_transfer(tx: Connection, source_event: str, ordinal: int) -> Transfer | None:
    """Return one transfer."""
    query = select(LEDGER).where(LEDGER.c.source_event == source_event, LEDGER.c.ordinal == ordinal)
    row = tx.execute(query).mappings().first()
    return transfer_of(row) if row else None


def reserved_for(tx: Connection, name: str) -> list[Transfer]:
    """Return the transfers that set money apart for a refund or a statement, in the order they were recorded."""
    query = select(LEDGER).where(LEDGER.c.about == name, text(RESERVED))
    query = query.order_by(LEDGER.c.recorded_at, LEDGER.c.ordinal)
    return [transfer_of(row) for row in tx.execute(query).mappings()]


def totals(tx: Connection) -> list[Movement]:
    """Return the whole ledger as one sum per kind and pair of accounts; for proofs."""
    columns = (LEDGER.c.kind, LEDGER.c.debit, LEDGER.c.credit)
    query = select(*columns, func.sum(LEDGER.c.amount_ore)).group_by(*columns)
    return [
        Movement(
            claim_id=None,
            case_id=None,
            kind=EntryKind(kind),
            debit=Account(debit),
            credit=Account(credit),
            amount_ore=int(amount),
        )
        for kind, debit, credit, amount in tx.execute(query)
    ]


def everything(tx: Connection, *, unit: str | None = None) -> list[Transfer]:
    """Return the whole ledger, or a unit's part of it, in the order it was recorded; for proofs and remittance."""
    query = select(LEDGER).order_by(LEDGER.c.recorded_at, LEDGER.c.transfer_id)
    if unit is not None:
        query = query.where(LEDGER.c.unit == unit)
    return [transfer_of(row) for row in tx.execute(query).mappings()]


@value
class ClaimNumbers:
    """What is kept on a claim for reading: where it stands and what is posted on it."""

    claim_id: str
    status: str
    posted: Balance
    ended_on: date | None
    end_reason: str | None


def keep_numbers(tx: Connection, numbers: Sequence[ClaimNumbers]) -> None:
    """Keep on each claim what its ledger came to; the caller holds the locks of their cases."""
    rows = [
        {
            "claim_id": one.claim_id,
            "status": one.status,
            "principal_left_ore": one.posted.principal_ore,
            "interest_left_ore": one.posted.interest_ore,
            "fees_left_ore": one.posted.fees_ore,
            "costs_left_ore": one.posted.legal_costs_ore,
            "ended_on": one.ended_on,
            "end_reason": one.end_reason,
        }
        for one in numbers
    ]
    update_rows(tx, CLAIM, rows, key="claim_id")


def end_by_decision(tx: Connection, claim_id: str, *, status: str, ended_on: date, end_reason: str) -> None:
    """Close a claim by a decision; the caller holds its case's lock."""
    values = {"status": status, "ended_on": ended_on, "end_reason": end_reason}
    tx.execute(update(CLAIM).where(CLAIM.c.claim_id == claim_id).values(**values))


def transfer_of(row: Mapping[str, Any] | RowMapping) -> Transfer:
    """Read a transfer out of a row, which may have columns of other tables beside it."""
    return _transfer({name: row[name] for name in _COLUMNS})


def _transfer(values: dict[str, Any]) -> Transfer:
    trace = values["trace"]
    values["kind"] = _KINDS[values["kind"]]
    values["debit"] = _ACCOUNTS[values["debit"]]
    values["credit"] = _ACCOUNTS[values["credit"]]
    values["trace"] = Trace(rule=trace["rule"], reference=trace["reference"], inputs=trace["inputs"])
    return Transfer(**values)
