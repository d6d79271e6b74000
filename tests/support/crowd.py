"""Many debtors with a claim each, handed over in one batch, for tests of files with thousands of payments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice

from inkasso.demo.town import Town
from shared.auth import Role
from shared.party import PartyIdError, check_national_id

UNIT = "bydel-frogner"
FIRST_BIRTH = date(1960, 1, 1)
SYNTHETIC_MONTH = 80
SERIAL = 150


def national_ids() -> Iterator[str]:
    """Yield synthetic national ids (month + 80), one a birth date; some dates have none with this serial number."""
    born = FIRST_BIRTH
    while True:
        start = f"{born.day:02}{born.month + SYNTHETIC_MONTH}{born.year % 100:02}{SERIAL}"
        for check in range(100):
            try:
                yield check_national_id(f"{start}{check:02}", allow_synthetic=True).value
            except PartyIdError:
                continue
            break
        born += timedelta(days=1)


def register_many(town: Town, count: int, principal_ore: int, due: date) -> list[dict[str, str]]:
    """Hand over ``count`` claims of as many debtors in one batch; returns each one's ids, KID and saksnummer."""
    lines = [
        {
            "external_ref": f"crowd-{number}",
            "claim_type": "kindergarten",
            "creditor_unit": UNIT,
            "debtor": {
                "kind": "person",
                "national_id": national_id,
                "name": f"Test Person Nummer{number}",
                "address": {"line1": "Prøveveien 1", "postal_code": "0261", "city": "Oslo", "country": "NO"},
                "language": "nb",
            },
            "principal_ore": principal_ore,
            "invoice_number": f"C-{number}",
            "invoice_date": due.isoformat(),
            "due_date": due.isoformat(),
        }
        for number, national_id in enumerate(islice(national_ids(), count))
    ]
    body = "\n".join(json.dumps(line) for line in lines).encode()
    headers = {"Content-Type": "application/x-ndjson"}
    answer = town.server.send(
        "POST", "/claims-api/v1/claims/batch", role=Role.AGENCY, name=UNIT, headers=headers, content=body, timeout=120
    )
    results = [json.loads(line) for line in answer.text.splitlines()]
    assert [line for line in results if "problem" in line] == []
    claims = list(town.server.items("/claims-api/v1/claims", role=Role.AGENCY, name=UNIT))
    assert len(claims) == len(results) == count
    return claims
