"""A creditors file: the units that hand claims over, who they are in law, and their dated agreements.

    {"legal_persons": [{"org_number", "name"}],
     "creditors": [{"unit", "name", "org_number", "legal_person",
                    "agreements": [{"valid_from", "valid_to"?, "claim_types", "account", "fee_regime", "unit_gets"?,
                                    "overrides"?}]}]}

The same shape as TOML or JSON. Everything wrong with it is found at once, each with its path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from claims_api.domain.claim_types import CLAIM_TYPES, DisputeBody, InterestBasis
from claims_api.domain.fees import FeeRegime
from claims_api.domain.ledger import RECEIVABLES, Account
from claims_api.domain.new_claim import Agreement, Creditor
from claims_api.domain.remittance import UNITS_SHARE
from shared.errors import FieldError
from shared.party import PartyIdError, check_account, check_org_number

MAX_CREDITORS = 500
MAX_AGREEMENTS = 50
MAX_NAME = 120

_UNIT = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_AGREEMENT = {"valid_from", "valid_to", "claim_types", "account", "fee_regime", "unit_gets", "overrides"}
_OVERRIDES: Mapping[str, type[InterestBasis] | type[DisputeBody]] = {
    "interest_from": InterestBasis,
    "dispute_body": DisputeBody,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditorsFile:
    """What a file says, and what is wrong with it; only a file without errors is used."""

    creditors: Sequence[tuple[Creditor, Sequence[Agreement]]]
    errors: Sequence[FieldError]


def read_creditors(content: Mapping[str, Any], *, own_legal_person: str) -> CreditorsFile:
    """Read a creditors file; ``own_legal_person`` is the municipality's, for which others' fee scales are refused."""
    reader = _Reader(own_legal_person)
    reader.only(content, "", {"legal_persons", "creditors"})
    people = dict(
        reader.legal_person(item, f"legal_persons.{at}")
        for at, item in enumerate(reader.items(content, "", "legal_persons", MAX_CREDITORS))
    )
    found = [
        reader.creditor(item, f"creditors.{at}", people)
        for at, item in enumerate(reader.items(content, "", "creditors", MAX_CREDITORS))
    ]
    units = [creditor.unit for creditor, _ in found]
    for at, unit in enumerate(units):
        if unit in units[:at]:
            reader.wrong(f"creditors.{at}.unit", "given-twice", "expected each unit once")
    return CreditorsFile(creditors=found, errors=reader.errors)


@dataclass(slots=True)
class _Reader:
    own_legal_person: str
    errors: list[FieldError] = field(default_factory=list)

    def wrong(self, path: str, code: str, detail: str) -> None:
        self.errors.append(FieldError(path.lstrip("."), code, detail))

    def only(self, item: Mapping[str, Any], path: str, known: set[str]) -> None:
        for name in sorted(set(item) - known):
            self.wrong(f"{path}.{name}", "extra-forbidden", f"expected no other key than {', '.join(sorted(known))}")

    def items(self, item: Mapping[str, Any], path: str, name: str, most: int) -> list[Mapping[str, Any]]:
        value = item.get(name)
        if not isinstance(value, list) or not value or not all(isinstance(one, dict) for one in value):
            self.wrong(f"{path}.{name}", "list", "expected a list of objects that is not empty")
            return []
        if len(value) > most:
            self.wrong(f"{path}.{name}", "too-long", f"expected at most {most}")
            return []
        return value

    def text(self, item: Mapping[str, Any], path: str, name: str) -> str:
        value = item.get(name)
        if not isinstance(value, str) or not value.strip() or len(value) > MAX_NAME:
            self.wrong(f"{path}.{name}", "text", f"expected text of at most {MAX_NAME} characters")
            return ""
        return value

    def number(self, item: Mapping[str, Any], path: str, name: str, check: Callable[[str], str]) -> str:
        value = self.text(item, path, name)
        try:
            return check(value) if value else ""
        except PartyIdError as wrong:
            self.wrong(f"{path}.{name}", wrong.code, str(wrong))
            return ""

    def day(self, item: Mapping[str, Any], path: str, name: str) -> date | None:
        value = item.get(name)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        try:
            return date.fromisoformat(value)  # type: ignore[arg-type]  # anything but a date's text raises
        except (TypeError, ValueError):
            self.wrong(f"{path}.{name}", "date", "expected a date such as 2026-01-31")
            return None

    def legal_person(self, item: Mapping[str, Any], path: str) -> tuple[str, str]:
        self.only(item, path, {"org_number", "name"})
        return self.number(item, path, "org_number", check_org_number), self.text(item, path, "name")

    def creditor(
        self, item: Mapping[str, Any], path: str, people: Mapping[str, str]
    ) -> tuple[Creditor, Sequence[Agreement]]:
        self.only(item, path, {"unit", "name", "org_number", "legal_person", "agreements"})
        unit = self.text(item, path, "unit")
        if unit and (not _UNIT.fullmatch(unit) or len(unit) > 60):
            self.wrong(f"{path}.unit", "unit", "expected at most 60 of a-z, 0-9 and single dashes")
        person = self.number(item, path, "legal_person", check_org_number)
        if person and person not in people:
            self.wrong(f"{path}.legal_person", "unknown", "expected an organisation number of legal_persons")
        creditor = Creditor(
            unit=unit,
            name=self.text(item, path, "name"),
            org_number=self.number(item, path, "org_number", check_org_number),
            legal_person=person,
            legal_person_name=people.get(person, ""),
        )
        agreements = [
            self.agreement(one, f"{path}.agreements.{at}", person)
            for at, one in enumerate(self.items(item, path, "agreements", MAX_AGREEMENTS))
        ]
        starts = [agreement.valid_from for agreement in agreements]
        if len(set(starts)) < len(starts):
            self.wrong(f"{path}.agreements", "given-twice", "expected each valid_from once")
        return creditor, agreements

    def agreement(self, item: Mapping[str, Any], path: str, legal_person: str) -> Agreement:
        self.only(item, path, _AGREEMENT)
        valid_from = self.day(item, path, "valid_from") or date.min
        valid_to = self.day(item, path, "valid_to") if item.get("valid_to") is not None else None
        if valid_to is not None and valid_to < valid_from:
            self.wrong(f"{path}.valid_to", "before-valid-from", "expected valid_from or later")
        regime = item.get("fee_regime")
        if regime not in set(FeeRegime):
            self.wrong(f"{path}.fee_regime", "enum", f"expected one of {', '.join(FeeRegime)}")
        elif regime == FeeRegime.FOREIGN_COLLECTION and legal_person == self.own_legal_person:
            self.wrong(
                f"{path}.fee_regime", "own-claims", "the municipality's own claims cannot be collected as another's"
            )
        return Agreement(
            valid_from=valid_from,
            valid_to=valid_to,
            claim_types=self.claim_types(item, path),
            account=self.number(item, path, "account", check_account),
            fee_regime=str(regime),
            overrides=self.overrides(item, path),
            unit_gets=self.unit_gets(item, path),
        )

    def claim_types(self, item: Mapping[str, Any], path: str) -> frozenset[str]:
        value = item.get("claim_types")
        if not isinstance(value, list) or not value or not all(one in CLAIM_TYPES for one in value):
            self.wrong(f"{path}.claim_types", "enum", f"expected a list out of {', '.join(CLAIM_TYPES)}")
            return frozenset()
        return frozenset(value)

    def unit_gets(self, item: Mapping[str, Any], path: str) -> frozenset[str]:
        value = item.get("unit_gets", sorted(UNITS_SHARE))
        if not isinstance(value, list) or not all(one in RECEIVABLES for one in value):
            self.wrong(f"{path}.unit_gets", "enum", f"expected a list out of {', '.join(RECEIVABLES)}")
            return frozenset()
        if Account.PRINCIPAL not in value:
            self.wrong(f"{path}.unit_gets", "principal", "expected principal among them: the claim is the unit's")
        return frozenset(value)

    def overrides(self, item: Mapping[str, Any], path: str) -> dict[str, dict[str, str]]:
        value = item.get("overrides") or {}
        if not isinstance(value, dict) or not all(name in CLAIM_TYPES for name in value):
            self.wrong(f"{path}.overrides", "enum", "expected an object whose keys are claim types")
            return {}
        for kind, changes in value.items():
            if not isinstance(changes, dict) or not set(changes) <= set(_OVERRIDES):
                self.wrong(f"{path}.overrides.{kind}", "keys", f"expected only {', '.join(_OVERRIDES)}")
                continue
            for name, chosen in changes.items():
                if chosen not in set(_OVERRIDES[name]):
                    allowed = ", ".join(_OVERRIDES[name])
                    self.wrong(f"{path}.overrides.{kind}.{name}", "enum", f"expected one of {allowed}")
        return value
