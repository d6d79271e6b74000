"""Claims to hand over: synthetic persons, no two alike, and bodies of some twenty fields."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice

TODAY = date(2026, 1, 20)
UNIT = "bydel-frogner"
FIRST = (3, 7, 6, 1, 8, 9, 4, 5, 2)
SECOND = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)


def persons() -> Iterator[str]:
    """National ids of test persons (80 added to the month), without end in sight."""
    day = date(1950, 1, 1)
    while True:
        for serial in range(500):
            digits = f"{day.day:02}{day.month + 80:02}{day.year % 100:02}{serial:03}"
            for weights in (FIRST, SECOND):
                digits += str(-sum(w * int(d) for w, d in zip(weights, digits, strict=False)) % 11)
            if len(digits) == 11:  # a check digit of ten is none
                yield digits
        day += timedelta(days=1)


def claims(prefix: str, people: list[str]) -> list[bytes]:
    """One claim each for these people."""
    return [
        json.dumps(
            {
                "external_ref": f"{prefix}-{number}",
                "claim_type": "kindergarten",
                "creditor_unit": UNIT,
                "debtor": {
                    "kind": "person",
                    "national_id": person,
                    "name": "Kari Nordmann",
                    "address": {"line1": "Storgata 1", "postal_code": "0155", "city": "Oslo", "country": "NO"},
                    "language": "nb",
                },
                "principal_ore": 300_000 + number,
                "invoice_number": str(number),
                "invoice_date": "2025-12-20",
                "due_date": "2026-01-10",
                "description": "Barnehageplass januar",
                "service_period": {"from": "2026-01-01", "to": "2026-01-31"},
                "prior_notice": None,
                "co_debtors": [],
                "limitation_date": None,
            }
        ).encode()
        for number, person in enumerate(people)
    ]


def take(people: Iterator[str], count: int) -> list[str]:
    """The next ``count`` people."""
    return list(islice(people, count))
