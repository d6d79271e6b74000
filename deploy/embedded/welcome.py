"""What a sandbox says when it has started: where to go, and a call that hands over a claim."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from shared.calendar import add_months

UNIT = "bydel-frogner"
USUAL_FOLDER = Path("var")
DAYS_TO_PAY = 20

DEBTOR = {
    "kind": "person",
    "national_id": "12818510088",
    "name": "Anne Test Bakke",
    "language": "nb",
    "address": {"line1": "Prøveveien 1", "postal_code": "0261", "city": "Oslo", "country": "NO"},
}
"""A test person: a synthetic national id that nobody has."""

TEXT = """
Innkrevingsplattformen kjører: {url}   (sandkasse, virkedato {today})

  Oversikt og dokumentasjon   {url}/ og {url}/claims-api/docs
  Brev                        {folder}/letters/
  Bankens innboks             {folder}/bank/inbox/

Send inn et krav fra et annet terminalvindu, i denne mappen:

  . .venv/bin/activate{choose_folder}
  TOKEN=$(inkasso token agency {unit})
  curl -s {url}/claims-api/v1/claims \\
    -H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: {reference}" -H "Content-Type: application/json" -d '
{body}'

Svaret har saksnummer og KID. La så tiden gå, og se:

  inkasso clock advance 30
  inkasso case show SAKSNUMMER

Stopp med Ctrl-C.

"""


def welcome(url: str, folder: Path, today: date) -> str:
    """Return the text for a sandbox at ``url`` with its data in ``folder`` and the business date ``today``."""
    reference = f"krav-{today.isoformat()}"
    usual = folder == USUAL_FOLDER
    return TEXT.format(
        url=url,
        folder=folder,
        today=today.isoformat(),
        choose_folder="" if usual else f"\n  export INKASSO_DATA_DIR={folder.absolute()}",
        unit=UNIT,
        reference=reference,
        body=_body(example_claim(today, reference)),
    )


def example_claim(today: date, reference: str) -> dict[str, Any]:
    """Return the body of a claim that is right on ``today``: last month's kindergarten, overdue since yesterday."""
    first = add_months(today.replace(day=1), -1)
    due = today - timedelta(days=1)
    return {
        "external_ref": reference,
        "claim_type": "kindergarten",
        "creditor_unit": UNIT,
        "debtor": DEBTOR,
        "principal_ore": 324_000,
        "invoice_number": f"F-{today:%Y%m%d}",
        "invoice_date": (due - timedelta(days=DAYS_TO_PAY)).isoformat(),
        "due_date": due.isoformat(),
        "description": "Barnehageplass",
        "service_period": {"from": first.isoformat(), "to": (add_months(first, 1) - timedelta(days=1)).isoformat()},
    }


def _body(claim: dict[str, Any]) -> str:
    """Return the JSON with one member a line, as a person reads and changes it."""
    members = (f"      {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in claim.items())
    return "    {\n" + ",\n".join(members).replace(', "address"', ',\n        "address"') + "\n    }"
