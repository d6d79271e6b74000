"""Frozen petitions for tests: what claims-api publishes for an approved legal step, and the steps around it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from support import letters as sample
from support.mailroom import CREDITOR, DEADLINE, PAYEE, TODAY, Mailroom, issued, party, released

from shared.events.claims import PartyState, Recipient
from shared.events.escalation import LegalStepDropped, LegalStepSubmitted
from shared.events.legal import PetitionClaim, PetitionFrozen, PetitionLetter, PetitionPayment
from shared.events.notifications import PackageFailed
from shared.ids import letter_id
from shared.sealing import read_public, seal

FROZEN_ON = date(2026, 3, 11)
NATIONAL_ID = "01817099934"
"""A synthetic national id (month + 80)."""
PETITION_KID = "426000000100012"


def claim(claim_id: str = "claim-1", demand: str | None = "d1", **changes: Any) -> PetitionClaim:
    letter = PetitionLetter(demand_id=demand, kind="betalingsoppfordring", sent_on=TODAY, deadline=DEADLINE)
    values: dict[str, Any] = {
        "claim_id": claim_id,
        "claim_type": "kindergarten",
        "service_name": "Barnehage",
        "invoice_number": "4711",
        "invoice_date": date(2025, 12, 20),
        "due_date": date(2026, 1, 15),
        "principal_ore": 300_000,
        "interest_ore": 5_433,
        "interest_from": date(2026, 1, 15),
        "interest_rate_percent": "12.00",
        "fees_ore": 15_100,
        "legal_costs_ore": 0,
        "legal_step_id": "step-1",
        "case_id": "case-1",
        "case_number": sample.CASE_NUMBER,
        "kid": sample.CLAIM_KID,
        "unit": CREDITOR,
        "original_principal_ore": 321_000,
        "enforcement_basis": "tvangsfullbyrdelsesloven § 7-2 f",
        "limitation_day": date(2029, 1, 15),
        "payments": [PetitionPayment(paid_on=date(2026, 2, 20), amount_ore=21_000)],
        "letters": [letter],
        **changes,
    }
    parts = ("principal_ore", "interest_ore", "fees_ore", "legal_costs_ore")
    return PetitionClaim(**{"total_ore": sum(values[part] for part in parts), **values})


def frozen(
    petition: str = "petition-1",
    claims: Sequence[PetitionClaim] = (),
    debtors: Sequence[str] = ("kari",),
    **changes: Any,
) -> PetitionFrozen:
    """Return a petition for utlegg as claims-api freezes it on 11 March 2026."""
    about = list(claims) or [claim()]
    values: dict[str, Any] = {
        "petition_id": petition,
        "case_id": "case-1",
        "case_number": sample.CASE_NUMBER,
        "case_ids": ["case-1"],
        "legal_step_ids": ["step-1"],
        "kind": "utlegg",
        "body": "namsmann",
        "frozen_on": FROZEN_ON,
        "kid": PETITION_KID,
        "claims": about,
        "total_ore": sum(one.total_ore for one in about),
        "expected_court_fee_ore": 92_800,
        "payee": PAYEE,
        "parties": [Recipient(debtor_ref=ref, party_version=1, letter_id=letter_id(petition, ref)) for ref in debtors],
        **changes,
    }
    return PetitionFrozen(**values)


def sealed(room: Mailroom, state: PartyState, number: str = NATIONAL_ID) -> PartyState:
    """Return a party whose national id is sealed to the service of this room."""
    public = read_public(room.folder / "keys" / "notifications.pub")
    return state.model_copy(update={"sealed_national_id": seal(public, number, context=state.debtor_ref)})


def dropped(step: str = "step-1", case: str = "case-1", reason: str = "paid") -> LegalStepDropped:
    return LegalStepDropped(legal_step_id=step, case_id=case, claim_ids=["claim-1"], reason=reason)


def handed_in(step: str = "step-1", case: str = "case-1") -> LegalStepSubmitted:
    return LegalStepSubmitted(
        legal_step_id=step,
        case_id=case,
        claim_ids=["claim-1"],
        kind="utlegg",
        body="namsmann",
        submitted_on=FROZEN_ON,
    )


def with_letter(tmp_path: Path, office: Any = None, debtors: tuple[str, ...] = ("kari",)) -> Mailroom:
    """Return a mailroom in which a betalingsoppfordring went to these debtors, whose numbers are known."""
    room = Mailroom(tmp_path, office=office)
    people = [sealed(room, party(ref, f"{ref.title()} Nordmann")) for ref in debtors]
    room.feed(*people, issued(debtors=debtors, kind="betalingsoppfordring"))
    room.work()
    room.feed(released())
    room.work()
    room.clock.set(FROZEN_ON)
    return room


def files(room: Mailroom, step: str = "step-1") -> dict[str, bytes]:
    folder = room.folder / "packages" / step
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())} if folder.exists() else {}


def petition(room: Mailroom) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files(room)["begjaering.json"])
    return found


def failures(room: Mailroom) -> list[str]:
    return [one.reason for one in room.published(PackageFailed)]  # type: ignore[attr-defined]


def shown(room: Mailroom) -> dict[str, Any]:
    found: dict[str, Any] = room.client().get("/v1/packages/petition-1").json()
    return found
