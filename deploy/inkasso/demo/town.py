"""A small municipality played through its public calls: units send claims, people pay, days pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from inkasso.bank import OUR_ACCOUNT, deliver
from inkasso.client import Json, Server
from inkasso.clock import PATH as CLOCK_PATH
from inkasso.clock import move
from inkasso.demo.persons import Person
from payments_ingest.formats import OcrPayment, make_ocr_file
from shared.auth import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What somebody pays: an amount in øre on a KID, ordered on a day (the bank's day when it is None)."""

    kid: str
    amount_ore: int
    ordered_on: date | None = None


class Town:
    """What units, the bank and auditors do, one public call each; every method raises ``Refused``."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._transmissions = 0

    def today(self) -> date:
        """Return the business date."""
        return date.fromisoformat(self.server.get(CLOCK_PATH)["date"])

    def go_to(self, day: date) -> Json:
        """Live through every day to ``day``; returns what happened."""
        return move(self.server, date=day.isoformat())

    def register(
        self, unit: str, person: Person, claim_type: str, principal_ore: int, due: date, invoice: str, **more: Any
    ) -> Json:
        """Let a unit hand over one claim; returns what claims-api answers."""
        body = {
            "external_ref": f"{unit}-{invoice}",
            "claim_type": claim_type,
            "creditor_unit": unit,
            "debtor": person.as_debtor(),
            "principal_ore": principal_ore,
            "invoice_number": invoice,
            "invoice_date": more.pop("invoice_date", due).isoformat(),
            "due_date": due.isoformat(),
            **more,
        }
        return self.server.post("/claims-api/v1/claims", body, role=Role.AGENCY, name=unit)

    def pay(self, *payments: Payment) -> Json:
        """Let the bank deliver an OCR file of today with these payments; returns the file when it is read."""
        self._transmissions += 1
        lines = [OcrPayment(amount_ore=p.amount_ore, kid=p.kid, bank_date=p.ordered_on) for p in payments]
        today = self.today()
        content = make_ocr_file(OUR_ACCOUNT, lines, self._transmissions, today)
        return deliver(self.server, content, f"ocr-{today}-{self._transmissions}.txt")

    def settle(self) -> Json:
        """Finish everything that is due today."""
        return move(self.server, advance_days=0)

    def claim(self, claim_id: str) -> Json:
        """Return a claim with its balance, as an auditor sees it."""
        return self.server.get(f"/claims-api/v1/claims/{claim_id}", role=Role.AUDITOR)

    def case(self, case_id: str) -> Json:
        """Return a case."""
        return self.server.get(f"/claims-api/v1/cases/{case_id}", role=Role.AUDITOR)

    def balance(self, case_id: str) -> Json:
        """Return what is owed on a case today."""
        return self.server.get(f"/claims-api/v1/cases/{case_id}/balance", role=Role.AUDITOR)

    def statement(self, case_id: str) -> Sequence[Json]:
        """Return the lines of a case's statement."""
        return list(self.server.get(f"/claims-api/v1/cases/{case_id}/statement", role=Role.AUDITOR)["lines"])

    def letters(self, case_id: str) -> Sequence[Json]:
        """Return the letters of a case, oldest first."""
        found = self.server.items("/notifications/v1/letters", role=Role.AUDITOR, case_id=case_id)
        return sorted(found, key=lambda letter: (letter["sent_on"] or "", letter["letter_id"]))

    def document(self, letter_id: str) -> bytes:
        """Return a letter's PDF."""
        response = self.server.send("GET", f"/notifications/v1/letters/{letter_id}/document", role=Role.AUDITOR)
        response.raise_for_status()
        return response.content

    def steps(self, case_id: str) -> Json:
        """Return what happens next on a case, and its legal steps."""
        return self.server.get(f"/escalation/v1/cases/{case_id}", role=Role.AUDITOR)

    def files(self) -> Sequence[Json]:
        """Return every bank file."""
        return list(self.server.items("/payments-ingest/v1/files", role=Role.AUDITOR))
