"""What debtors said their money is for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select

from claims_api.domain.choices import Choice
from claims_api.domain.ledger import Account
from claims_api.tables import PaymentChoiceRow
from shared.db import Lookup, chunks, table_of

CHOICE = table_of(PaymentChoiceRow)
_OF_CASES = Lookup(select(CHOICE).order_by(CHOICE.c.recorded_at, CHOICE.c.choice_id), [CHOICE.c.case_id])


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentChoice:
    """A choice as it was told: who noted it and how it came."""

    choice_id: str
    case_id: str
    said: Choice
    channel: str
    recorded_by: str
    recorded_at: datetime


def add_choice(tx: Connection, choice: PaymentChoice) -> None:
    """Store a choice."""
    said = choice.said
    row = {
        "choice_id": choice.choice_id,
        "case_id": choice.case_id,
        "payment_id": said.payment_id,
        "claim_ids": list(said.claim_ids),
        "kinds": [kind.value for kind in said.kinds],
        "chosen_on": said.chosen_on,
        "channel": choice.channel,
        "recorded_by": choice.recorded_by,
        "recorded_at": choice.recorded_at,
    }
    tx.execute(CHOICE.insert().values(**row))


def choices_of_cases(tx: Connection, case_ids: Iterable[str]) -> dict[str, list[Choice]]:
    """Return what was chosen in the cases by case, in the order it was said."""
    found: dict[str, list[Choice]] = {}
    for piece in chunks(sorted(set(case_ids))):
        for row in _OF_CASES.of(tx, piece).mappings():
            found.setdefault(row["case_id"], []).append(_said(row))
    return found


def choices_page(tx: Connection, case_id: str, *, after: str | None, limit: int) -> list[PaymentChoice]:
    """Return the choices of a case, newest first, from the one after ``after``."""
    query = select(CHOICE).where(CHOICE.c.case_id == case_id).order_by(CHOICE.c.choice_id.desc()).limit(limit)
    if after is not None:
        query = query.where(CHOICE.c.choice_id < after)
    return [
        PaymentChoice(
            choice_id=row["choice_id"],
            case_id=row["case_id"],
            said=_said(row),
            channel=row["channel"],
            recorded_by=row["recorded_by"],
            recorded_at=row["recorded_at"],
        )
        for row in tx.execute(query).mappings()
    ]


def _said(row: RowMapping) -> Choice:
    return Choice(
        payment_id=row["payment_id"],
        claim_ids=tuple(row["claim_ids"]),
        kinds=tuple(Account(kind) for kind in row["kinds"]),
        chosen_on=row["chosen_on"],
    )
