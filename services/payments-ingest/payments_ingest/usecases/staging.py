"""What a reader yields as staged lines, and staged lines as what the release works on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from hashlib import blake2b
from typing import Any

from payments_ingest.domain.lines import Channel, Line, LineKind
from payments_ingest.domain.text import TEXT_MAX, without_national_ids
from payments_ingest.formats import (
    DebitLine,
    Format,
    IncomingPayment,
    Item,
    PayoutStatus,
    StatementControl,
    StatementLine,
    own_identity,
)
from shared.ids import derived

PAYMENT = "payment"
DEBIT = "debit"
STATEMENT_LINE = "statement_line"
STATEMENT = "statement"
STATUS = "status"

NAME_MAX = 140
ACCOUNT_MAX = 40
LINE_MAX = 120

_DIGEST_BYTES = 16
_CHANNEL = {Format.OCR: Channel.OCR, Format.CAMT054: Channel.CAMT, Format.CAMT053: Channel.CAMT}


def to_staged(item: Item, file_id: str, file_format: Format) -> tuple[str, dict[str, Any]] | None:
    """Return what an item is staged as, None for what is not staged (a zero amount, the report)."""
    if isinstance(item, IncomingPayment):
        return (PAYMENT, _payment(item, file_id, file_format)) if item.amount_ore > 0 else None
    if isinstance(item, DebitLine):
        return DEBIT, {
            "account": item.account,
            "day": item.booked_on.isoformat(),
            "amount_ore": item.amount_ore,
            "end_to_end_id": own_identity(item.end_to_end_id) if item.end_to_end_id else None,
            "debit_id": digest(item.natural_key),
        }
    if isinstance(item, StatementLine):
        return STATEMENT_LINE, {
            "account": item.account,
            "day": item.booked_on.isoformat(),
            "kind": str(item.kind),
            "amount_ore": item.amount_ore,
            "transactions": item.transactions,
            "line_id": digest(item.natural_key),
        }
    if isinstance(item, PayoutStatus):
        return STATUS, _status(item)
    return (STATEMENT, _statement(item)) if isinstance(item, StatementControl) else None


def digest(text: str) -> str:
    """Return a short fixed-length digest of an identity."""
    return blake2b(text.encode(), digest_size=_DIGEST_BYTES).hexdigest()


def _payment(item: IncomingPayment, file_id: str, file_format: Format) -> dict[str, Any]:
    return {
        "payment_id": derived(file_id, "payment", item.position),
        "position": item.position,
        "channel": str(_CHANNEL[file_format]),
        "kind": str(item.kind),
        "account": item.account,
        "day": item.booked_on.isoformat(),
        "paid_on": item.paid_on.isoformat(),
        "amount_ore": item.amount_ore,
        "kid": item.kid,
        "message": without_national_ids(item.message[:TEXT_MAX]),
        "payer_name": without_national_ids(item.payer_name[:NAME_MAX]) if item.payer_name else None,
        "payer_account": item.payer_account[:ACCOUNT_MAX] if item.payer_account else None,
        "payer_bic": item.payer_bic,
        "references": [without_national_ids(reference) for reference in item.references],
        "flags": [str(flag) for flag in item.flags],
        "manual": item.manual,
        "archive_ref": item.archive_ref,
        "end_to_end_id": own_identity(item.end_to_end_id) if item.end_to_end_id else None,
        "type_code": item.type_code[:ACCOUNT_MAX],
        "bank_line": item.bank_line[:LINE_MAX],
        "channel_key": digest(item.channel_key),
        "fingerprint": item.fingerprint,
    }


def _status(item: PayoutStatus) -> dict[str, Any]:
    return {
        "scope": str(item.scope),
        "message_id": item.original_message_id,
        "end_to_end_id": item.end_to_end_id or item.instruction_id,
        "rejected": item.rejected,
        "reason": (item.reasons[0] if item.reasons else item.status)[:ACCOUNT_MAX],
    }


def _statement(item: StatementControl) -> dict[str, Any]:
    return {
        "account": item.account,
        "first_day": item.first_day.isoformat() if item.first_day else None,
        "last_day": item.last_day.isoformat() if item.last_day else None,
        "complete": item.complete,
        "identity": item.statement_id,
        "page": item.page,
        "opening_ore": item.opening_ore,
        "closing_ore": item.closing_ore,
        "moved_ore": item.moved_ore,
        "days": [[one.day.isoformat(), one.credit_ore - one.reversal_ore] for one in item.days],
    }


def to_line(body: Mapping[str, Any]) -> Line:
    """Return a staged payment as the release works on it."""
    return Line(
        **{
            **body,
            "channel": Channel(body["channel"]),
            "kind": LineKind(body["kind"]),
            "day": date.fromisoformat(body["day"]),
            "paid_on": date.fromisoformat(body["paid_on"]),
            "references": tuple(body["references"]),
            "flags": tuple(body["flags"]),
        }
    )
