"""One entry of an account ("postering"): what the bank books, or announces, as one line. Its amount is the truth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from payments_ingest.formats.camt_fields import Fields
from payments_ingest.formats.camt_values import (
    MAX_AMOUNT_ORE,
    Odd,
    identifier,
    is_credit,
    parse_amount,
    parse_count,
    parse_either,
    parse_truth,
    plain,
)
from payments_ingest.formats.items import Flag
from shared.calendar import previous_bank_day

CURRENCY = "NOK"
EARLY_DAYS = 10
BOOKED = "BOOK"
MAX_NAME = 140
MAX_CODE = 35
NO_END_TO_END_ID = "NOTPROVIDED"

previous = lru_cache(maxsize=1024)(previous_bank_day)


@dataclass(frozen=True, slots=True)
class Place:
    """What an entry inherits from the message around it."""

    account: str
    fallback_day: date
    flags: tuple[Flag, ...]


class Entry(NamedTuple):
    """The entry itself, its values read; ``booked`` is False for one that is only announced.

    A named tuple and not a dataclass, like the payments: a file has as many of them.
    """

    place: Place
    ordinal: int
    line: int
    booked: bool
    status: str
    credit: bool
    reversal: bool
    ore: int
    amount_text: str
    booked_on: date
    flags: tuple[Flag, ...]
    reference: str
    value_day: str
    type_code: str
    key: str
    stated_transactions: int | None
    info: str

    def same_as(self, other: Entry) -> bool:
        """Whether another reading of the entry, made when it had ended, says the same."""
        return (self.booked, self.credit, self.reversal, self.ore, self.booked_on, self.key) == (
            other.booked,
            other.credit,
            other.reversal,
            other.ore,
            other.booked_on,
            other.key,
        )


def read_entry(fields: Fields, place: Place, ordinal: int, line: int) -> Entry:
    """The entry of ``fields``; raises :class:`Odd` when something that money depends on cannot be read."""
    status = fields.get("status") or fields.get("own_status")
    if not status:
        raise Odd("status", "an entry status")
    ore = bounded_amount(fields, "amount")
    if fields["amount_ccy"] != CURRENCY:
        raise Odd("currency", CURRENCY, str(fields["amount_ccy"])[:3])
    credit, reversal = is_credit(fields.get("direction")), parse_truth(fields.get("reversal"))
    booked_on = parse_either(fields.get("booked_day"), fields.get("booked_time"))
    flags = place.flags if booked_on else (*place.flags, Flag.NO_BOOKING_DATE)
    booked_on = booked_on or place.fallback_day
    reference = identifier(fields.get("bank_ref")) or identifier(fields.get("entry_ref")) or ""
    counts = fields.get("batch_counts")
    direction = ("C" if credit else "D") + ("R" if reversal else "")
    return Entry(
        place,
        ordinal,
        line,
        status == BOOKED,
        status.strip()[:MAX_CODE],
        credit,
        reversal,
        ore,
        fields["amount"],
        booked_on,
        flags,
        reference,
        (fields.get("value_day") or fields.get("value_time") or "")[:10],
        _type_code(fields.get("domain"), fields.get("family"), fields.get("sub_family")),
        f"{place.account}/{booked_on.isoformat()}/{reference}/{ore}/{direction}",
        sum(map(parse_count, counts)) if counts else None,
        plain(fields.get("info")),
    )


def bounded_amount(fields: Fields, name: str) -> int:
    """Øre of an amount field, which is not beyond reason."""
    ore = parse_amount(fields.get(name))
    if ore > MAX_AMOUNT_ORE:
        raise Odd("amount", f"at most {MAX_AMOUNT_ORE} øre", "more")
    return ore


@lru_cache(maxsize=1024)
def _type_code(*codes: str | None) -> str:
    return "/".join(plain(code)[:MAX_CODE] for code in codes).strip("/")
