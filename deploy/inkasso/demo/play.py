"""The demonstration: five debtors in January and February 2026, and what each life must come to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from inkasso.client import Json
from inkasso.demo.narrator import Narrator, kr
from inkasso.demo.persons import ANNE, BERNT, CAMILLA, DAVID, EVA, Person
from inkasso.demo.town import Payment, Town
from inkasso.words import LEGAL_STATES, legal_step, word

START = date(2026, 1, 14)
DUE = date(2025, 12, 20)
VARSEL_FEE_ORE = 38_00
DEMAND_FEE_ORE = 113_00
PART_ORE = 1_000_00

VARSEL = "inkassovarsel"
DEMAND = "betalingsoppfordring"


def jan(day: int) -> date:
    """Return a day of January 2026."""
    return date(2026, 1, day)


def feb(day: int) -> date:
    """Return a day of February 2026."""
    return date(2026, 2, day)


@dataclass(slots=True)
class Play:
    """One performance."""

    town: Town
    narrator: Narrator
    claims: dict[str, Json] = field(default_factory=dict)

    def perform(self) -> None:
        """Play every scene in order."""
        for scene in (
            self._units_hand_over,
            self._varsel,
            self._a_second_claim,
            self._first_money,
            self._booked_late,
            self._demands,
            self._joined,
            self._rest_paid,
            self._case_paid,
            self._legal_step,
        ):
            scene()

    def _hand_over(self, key: str, unit: str, person: Person, kind: str, ore: int, due: date = DUE) -> None:
        self.claims[key] = self.town.register(unit, person, kind, ore, due, f"F-{1000 + len(self.claims)}")
        claim = self.claims[key]
        self.narrator.tell(
            f"[bold]{unit}[/bold] sender over {kr(ore)} på {person.first_name} "
            f"(sak {claim['case_number']}, KID {claim['kid']})."
        )

    def _day(self, day: date) -> Json:
        moved = self.town.go_to(day)
        self.narrator.day(day)
        return moved

    def _letters(self, key: str, kind: str) -> list[Json]:
        case_id = self.claims[key]["case_id"]
        return [letter for letter in self.town.letters(case_id) if letter["kind"] == kind]

    def _status(self, key: str) -> str:
        return str(self.town.claim(self.claims[key]["claim_id"])["status"])

    def _ended(self, key: str, reason: str) -> bool:
        claim = self.town.claim(self.claims[key]["claim_id"])
        return bool(claim["end_reason"] == reason and claim["balance"]["total_ore"] == 0)

    # --- scenes ---

    def _units_hand_over(self) -> None:
        self.narrator.day(START)
        self.narrator.tell("Fem regninger ble ikke betalt ved forfall. Enhetene sender dem til innkreving.\n")
        self._hand_over("anne", "bydel-frogner", ANNE, "kindergarten", 3_250_00)
        self._hand_over("bernt", "utdanningsetaten", BERNT, "after_school", 2_480_00)
        self._hand_over("camilla", "helseetaten", CAMILLA, "emergency_clinic", 1_890_00)
        self._hand_over("david", "utdanningsetaten", DAVID, "after_school", 2_480_00)
        self._hand_over("eva", "deichman", EVA, "library_replacement", 1_200_00)

    def _varsel(self) -> None:
        moved = self._day(jan(15))
        self.narrator.tell("Første virkedag etter at kravene kom: inkassovarsel med gebyr og 14 dagers frist.")
        rows = [(key.capitalize(), letter) for key in self.claims for letter in self._letters(key, VARSEL)]
        self.narrator.letters("Brev i dag", rows)
        self.narrator.check(f"{moved['letters']} brev er sendt, ett til hver", moved["letters"] == len(rows) == 5)
        self.narrator.check(
            f"gebyret er {kr(VARSEL_FEE_ORE)} i hver sak",
            all(self.town.balance(c["case_id"])["fees_ore"] == VARSEL_FEE_ORE for c in self.claims.values()),
        )

    def _a_second_claim(self) -> None:
        self._day(jan(21))
        self._hand_over("david2", "utdanningsetaten", DAVID, "after_school", 1_240_00, date(2025, 12, 30))
        same = self.claims["david"]["case_id"] == self.claims["david2"]["case_id"]
        self.narrator.check("kravet legges i saken David alt har hos enheten", same)

    def _first_money(self) -> None:
        self._day(jan(27))
        demanded = self._letters("anne", VARSEL)[0]["amount_ore"]
        self.narrator.tell(
            f"Banken melder: Anne betaler hele varselet ({kr(demanded)}), Camilla {kr(PART_ORE)} på sitt."
        )
        self.town.pay(
            Payment(kid=self.claims["anne"]["kid"], amount_ore=demanded),
            Payment(kid=self.claims["camilla"]["kid"], amount_ore=PART_ORE),
        )
        self.town.settle()
        self.narrator.check("Annes krav er gjort opp", self._ended("anne", "paid_as_demanded"))
        left = self.town.balance(self.claims["camilla"]["case_id"])["total_ore"]
        self.narrator.check(f"Camilla skylder fortsatt {kr(left)}", 0 < left < 1_890_00)

    def _booked_late(self) -> None:
        self._day(feb(2))
        demanded = self._letters("bernt", VARSEL)[0]["amount_ore"]
        self.narrator.tell(
            f"Bernt ga banken oppdraget på fristens siste dag, 29. januar ({kr(demanded)}). "
            "Pengene bokføres først i dag."
        )
        self.town.pay(Payment(kid=self.claims["bernt"]["kid"], amount_ore=demanded, ordered_on=jan(29)))
        self.town.settle()
        self.narrator.check("betalt i tide: kravet er gjort opp", self._ended("bernt", "paid_as_demanded"))

    def _demands(self) -> None:
        self._day(feb(4))
        self.narrator.tell("Tre bankdager etter fristen går betalingsoppfordringen til dem som fortsatt skylder.")
        rows = [(key.capitalize(), letter) for key in ("camilla", "eva") for letter in self._letters(key, DEMAND)]
        self.narrator.letters("Brev i dag", rows)
        self.narrator.check("Camilla og Eva får betalingsoppfordring", len(rows) == 2)
        spared = not self._letters("anne", DEMAND) and not self._letters("bernt", DEMAND)
        self.narrator.check("Anne og Bernt får ikke noe mer gebyr og ikke flere krav", spared)
        self.narrator.check("Davids første krav venter på det andre", not self._letters("david", DEMAND))

    def _joined(self) -> None:
        self._day(feb(11))
        found = self._letters("david", DEMAND)
        self.narrator.letters("Brev i dag", [("David", letter) for letter in found])
        self.narrator.check("Davids to krav går i samme betalingsoppfordring", len(found) == 1)
        fees = self.town.balance(self.claims["david"]["case_id"])["fees_ore"]
        self.narrator.check(
            f"ett gebyr på {kr(DEMAND_FEE_ORE)} for begge kravene", fees == 2 * VARSEL_FEE_ORE + DEMAND_FEE_ORE
        )

    def _rest_paid(self) -> None:
        self._day(feb(16))
        demanded = self._letters("camilla", DEMAND)[0]["amount_ore"]
        self.narrator.tell(f"Camilla betaler resten som oppfordringen krever: {kr(demanded)}.")
        self.town.pay(Payment(kid=self.claims["camilla"]["kid"], amount_ore=demanded))
        self.town.settle()
        self.narrator.check("Camillas krav er gjort opp", self._ended("camilla", "paid_as_demanded"))

    def _case_paid(self) -> None:
        self._day(feb(23))
        kid = self.town.case(self.claims["david"]["case_id"])["kid"]
        demanded = self._letters("david", DEMAND)[0]["amount_ore"]
        self.narrator.tell(f"David betaler begge kravene med sakens KID {kid}: {kr(demanded)}.")
        self.town.pay(Payment(kid=kid, amount_ore=demanded))
        self.town.settle()
        both = self._ended("david", "paid_as_demanded") and self._ended("david2", "paid_as_demanded")
        self.narrator.check("begge kravene er gjort opp", both)

    def _legal_step(self) -> None:
        self._day(feb(24))
        steps = self.town.steps(self.claims["eva"]["case_id"])["legal_steps"]
        self.narrator.tell("Eva har ikke betalt på noen av brevene. Neste steg er rettslig, og det avgjør et menneske.")
        for step in steps:
            self.narrator.tell(f"  {legal_step(step).capitalize()}: {word(LEGAL_STATES, step['state'])}.")
        proposed = [step["state"] for step in steps] == ["proposed"]
        self.narrator.check("ett rettslig steg er foreslått og venter på en saksbehandler", proposed)
