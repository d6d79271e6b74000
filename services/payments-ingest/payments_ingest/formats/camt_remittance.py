"""What a payer says a transfer is for: the KID, several of them, invoice numbers, free text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from payments_ingest.formats.camt_fields import Fields
from payments_ingest.formats.camt_values import Odd, identifier, parse_amount, plain
from payments_ingest.formats.items import Flag
from payments_ingest.formats.report import Limits


class Remittance(NamedTuple):
    """``parts`` are the amounts and KIDs the transfer falls into: one, unless the payer split it himself."""

    parts: tuple[tuple[int, str | None], ...]
    references: tuple[str, ...]
    message: str
    flags: tuple[Flag, ...]


def remittance_of(fields: Fields, ore: int, limits: Limits) -> Remittance:
    """The remittance information of one transaction of ``ore``.

    Any structured reference counts as a KID, of whatever type. Several different ones are one payment each when each
    has its amount and these add up; otherwise a person must split it.
    """
    structured = fields.get("structured")
    if not structured:
        message, cut = _message(fields, (), limits)
        return Remittance(((ore, None),), (), message, cut)
    if len(structured) == 1 and "documents" not in structured[0]:
        message, cut = _message(fields, structured, limits)
        return Remittance(((ore, identifier(structured[0].get("reference"))),), (), message, cut)
    documents = tuple(identifier(number) or "" for group in structured for number in group.get("documents", ()))
    kids = [identifier(group.get("reference")) for group in structured]
    distinct = dict.fromkeys(kid for kid in kids if kid)
    message, cut = _message(fields, structured, limits)
    if len(distinct) <= 1:
        kid = next(iter(distinct), None)
        return Remittance(((ore, kid),), _bounded(documents, limits), message, cut)
    amounts = [_remitted(group) for group in structured]
    parts = tuple((amount, kid) for amount, kid in zip(amounts, kids, strict=True) if amount)
    if len(parts) == len(structured) and sum(amount for amount, _ in parts) == ore and len(parts) <= limits.references:
        return Remittance(parts, _bounded(documents, limits), message, cut)
    references = _bounded((*distinct, *documents), limits)
    return Remittance(((ore, None),), references, message, (*cut, Flag.SPLIT_UNCLEAR))


def _remitted(group: Fields) -> int:
    """The amount a structured reference says it covers in kroner, 0 when it says none or subtracts something."""
    for name in ("remitted", "due"):
        if group.get(name) is not None and group.get("credit_note") is None and group[f"{name}_ccy"] == "NOK":
            try:
                return parse_amount(group[name])
            except Odd:
                return 0
    return 0


def _message(fields: Fields, structured: Sequence[Fields], limits: Limits) -> tuple[str, tuple[Flag, ...]]:
    """The payer's own words, else what was added to the references, the transaction."""
    text = plain(" ".join(fields.get("texts", ())))
    if not text:
        text = plain(" ".join(line for group in structured for line in group.get("texts", ())))
    text = text or plain(fields.get("info"))
    if len(text) > limits.message:
        return text[: limits.message], (Flag.TEXT_CUT,)
    return text, ()


def _bounded(references: tuple[str, ...], limits: Limits) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reference for reference in references if reference))[: limits.references]
