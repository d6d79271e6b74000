"""The explained ledger of a case: «Hvorfor skylder jeg dette?» — every øre to its rule, reference and inputs.

The lines always sum to the balance. A payment is one line, below zero, however it was divided; what was paid too much
is a line of its own above zero, for it does not lessen what is owed. Interest that has run but is not posted comes
last, one line a claim, and a re-division of a payment shows only as it now stands.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from claims_api.deps import Deps
from claims_api.domain.accrual import ClaimBalance
from claims_api.domain.ledger import RECEIVABLES, Account, EntryKind, Transfer, standing
from claims_api.store import claims, ledger
from claims_api.usecases.balance import balances
from shared.law import Trace

MONEY_IN = frozenset({EntryKind.PAYMENT, EntryKind.PAYMENT_REVERSED})
REDIVIDED = frozenset(
    {
        *MONEY_IN,
        EntryKind.SET_OFF,
        EntryKind.RELEASED,
        EntryKind.CANCELLED,
        EntryKind.WAIVED,
        EntryKind.WRITTEN_OFF,
    }
)
"""Kinds of which a reader sees what stands, not how it was worked out before."""

ACCRUED, OVERPAID = "accrued_interest", "overpaid"
TITLES: Mapping[str, str] = {
    "registered": "Hovedstol",
    "unit_fee": "Gebyr for varsel fra kreditor",
    "corrected": "Rettelse av kravet",
    "withdrawn": "Kravet er trukket",
    "costs_awarded": "Idømte sakskostnader",
    "fee": "Gebyr",
    "fee_reversed": "Gebyr tilbakeført",
    "interest": "Forsinkelsesrenter",
    ACCRUED: "Påløpte forsinkelsesrenter",
    "payment": "Innbetaling",
    "payment_reversed": "Innbetaling tilbakeført av banken",
    OVERPAID: "Betalt for mye",
    "set_off": "Dekket av tidligere overbetaling",
    "released": "Frigjort overbetaling",
    "cancelled": "Resten av kravet er frafalt",
    "waived": "Renter ettergitt: kravet ble betalt som varslet",
    "written_off": "Liten rest avskrevet",
    "claim.written_off": "Avskrevet",
    "salaer.foreign_collection": "Inkassosalær",
    "salaer.lawyer_led": "Inkassosalær",
    "other": "Postering",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One line: what it changed in øre, when it counts, when it was recorded, and why.

    ``recorded_at`` is None for interest that is not posted. ``parts`` says how much of each kind the line changed.
    """

    value_date: date
    recorded_at: datetime | None
    kind: str
    title: str
    amount_ore: int
    explanation: Trace
    claim_id: str | None = None
    parts: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the line as the API shows it."""
        return {
            "value_date": self.value_date.isoformat(),
            "recorded_at": self.recorded_at.isoformat() if self.recorded_at else None,
            "kind": self.kind,
            "title": self.title,
            "amount_ore": self.amount_ore,
            "claim_id": self.claim_id,
            "parts": dict(self.parts),
            "explanation": self.explanation.as_json(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """All lines of a case, or of some of its claims, and their sum, which is the balance's total."""

    as_of: date
    known_at: datetime | None
    lines: Sequence[StatementLine]

    @property
    def total_ore(self) -> int:
        """What the lines come to."""
        return sum(line.amount_ore for line in self.lines)


def statement(
    tx: Connection,
    deps: Deps,
    case_id: str,
    *,
    as_of: date,
    known_at: datetime | None,
    claim_ids: Collection[str] | None = None,
) -> Statement:
    """Return the statement of a case, or of some of its claims, as of a day and as known at an instant."""
    entries = ledger.known_of_cases(tx, [case_id], as_of=as_of, known_at=known_at)[case_id]
    shown = [c for c in claims.claims_of_case(tx, case_id) if claim_ids is None or c.claim_id in claim_ids]
    ours = {claim.claim_id for claim in shown}
    rows = [row for row in _seen(entries) if row.claim_id in ours or (claim_ids is None and row.claim_id is None)]
    lines = _posted(rows)
    found = balances(tx, deps, shown, entries, as_of=as_of, known_at=known_at)
    accrued = [_accrued(one, as_of, deps) for one in found.values() if one.unposted_ore]
    lines.sort(key=lambda line: (line.value_date, line.recorded_at))
    return Statement(as_of=as_of, known_at=known_at, lines=[*lines, *accrued])


def _seen(entries: Sequence[Transfer]) -> list[Transfer]:
    """Leave out what was taken back of how money was divided; of fees and facts both the row and its reversal show."""
    stands = {row.transfer_id for row in standing(entries)}
    return [row for row in entries if row.kind not in REDIVIDED or row.transfer_id in stands]


def _posted(rows: Sequence[Transfer]) -> list[StatementLine]:
    lines: list[StatementLine] = []
    together: dict[tuple[EntryKind, str | None, date, datetime], list[Transfer]] = {}
    for row in rows:
        if row.kind in REDIVIDED:
            together.setdefault((row.kind, row.about, row.value_date, row.recorded_at), []).append(row)
        elif change := sum(row.effect(account) for account in RECEIVABLES):
            lines.append(_line([row], change))
    for (kind, _, _, _), group in together.items():
        change = sum(row.effect(account) for row in group for account in RECEIVABLES)
        over = sum(row.effect(Account.OVERPAID) for row in group) if kind in MONEY_IN else 0
        if change - over:
            lines.append(_line(group, change - over, over_ore=over))
        if over:
            lines.append(_overpaid(group[0], over))
    return lines


def _line(group: Sequence[Transfer], amount_ore: int, *, over_ore: int = 0) -> StatementLine:
    """Return one line; of money that came, what nobody owed is a part of it too, and the next line gives it back."""
    first = group[0]
    kind = "fee_reversed" if first.reverses and first.kind is EntryKind.FEE else first.kind.value
    parts = {account.value: sum(row.effect(account) for row in group) for account in RECEIVABLES}
    parts[OVERPAID] = -over_ore
    return StatementLine(
        value_date=first.value_date,
        recorded_at=first.recorded_at,
        kind=kind,
        title=TITLES.get(first.trace.rule) or TITLES.get(kind, TITLES["other"]),
        amount_ore=amount_ore,
        explanation=_explained(group),
        claim_id=first.claim_id if len({row.claim_id for row in group}) == 1 else None,
        parts={name: amount for name, amount in parts.items() if amount},
    )


def _explained(group: Sequence[Transfer]) -> Trace:
    first = group[0].trace
    if len(group) == 1:
        return first
    inputs = {name: value for name, value in first.inputs.items() if name not in ("covers", "amount_ore")}
    for number, row in enumerate(group, start=1):
        inputs[f"covers_{number}"] = f"{row.trace.inputs.get('covers')}: {row.amount_ore}"
    return Trace(rule=first.rule, reference=first.reference, inputs=inputs)


def _overpaid(row: Transfer, over_ore: int) -> StatementLine:
    return StatementLine(
        value_date=row.value_date,
        recorded_at=row.recorded_at,
        kind=OVERPAID,
        title=TITLES[OVERPAID],
        amount_ore=over_ore,
        explanation=Trace(
            rule="allocation.overpaid",
            reference="motregning og tilbakebetaling, inkassoloven § 8",
            inputs={"payment": row.about, "overpaid_ore": over_ore},
        ),
        parts={OVERPAID: over_ore},
    )


def _accrued(one: ClaimBalance, as_of: date, deps: Deps) -> StatementLine:
    why = one.interest.trace(deps.rules.interest)
    inputs = {**why.inputs, "posted_before_ore": one.posted_interest_ore, "accrued_ore": one.unposted_ore}
    if one.interest.complete_to < as_of:
        inputs["complete_to"] = one.interest.complete_to.isoformat()
    return StatementLine(
        value_date=as_of,
        recorded_at=None,
        kind=ACCRUED,
        title=TITLES[ACCRUED],
        amount_ore=one.unposted_ore,
        explanation=Trace(rule=why.rule, reference=why.reference, inputs=inputs),
        claim_id=one.claim_id,
        parts={Account.INTEREST.value: one.unposted_ore},
    )
