"""Ten test persons: invented names, synthetic national ids (month + 80) that no living person can have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A test person (testperson) as a claim names them."""

    national_id: str
    name: str
    street: str
    postal_code: str
    city: str = "Oslo"

    @property
    def first_name(self) -> str:
        """The name people call them by."""
        return self.name.split()[0]

    def as_debtor(self) -> dict[str, Any]:
        """Return the ``debtor`` of a claim's body."""
        return {
            "kind": "person",
            "national_id": self.national_id,
            "name": self.name,
            "address": {
                "line1": self.street,
                "postal_code": self.postal_code,
                "city": self.city,
                "country": "NO",
            },
            "language": "nb",
        }


ANNE = Person(national_id="12818510088", name="Anne Test Bakke", street="Prøveveien 1", postal_code="0261")
BERNT = Person(national_id="03847921160", name="Bernt Test Dahl", street="Prøveveien 2", postal_code="0262")
CAMILLA = Person(national_id="27889030548", name="Camilla Test Eide", street="Prøveveien 3", postal_code="0263")
DAVID = Person(national_id="15926241068", name="David Test Foss", street="Prøveveien 4", postal_code="0264")
EVA = Person(national_id="09850560029", name="Eva Test Grande", street="Prøveveien 5", postal_code="0265")
FREDRIK = Person(national_id="21877015014", name="Fredrik Test Holm", street="Prøveveien 6", postal_code="0266")
GRETE = Person(national_id="30839542069", name="Grete Test Iversen", street="Prøveveien 7", postal_code="0267")
HENRIK = Person(national_id="11815833009", name="Henrik Test Jensen", street="Prøveveien 8", postal_code="0268")
IDA = Person(national_id="05869948189", name="Ida Test Kleven", street="Prøveveien 9", postal_code="0270")
JONAS = Person(national_id="17821070058", name="Jonas Test Lie", street="Prøveveien 10", postal_code="0271")
"""Born in February 2010: a minor in 2026."""

PERSONS = (ANNE, BERNT, CAMILLA, DAVID, EVA, FREDRIK, GRETE, HENRIK, IDA, JONAS)
