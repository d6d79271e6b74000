"""The closing proof: what the bank reported, what the ledger holds, and whose money it is are the same amount."""

from __future__ import annotations

from inkasso.demo.narrator import Narrator
from inkasso.demo.town import Town
from inkasso.output import amount, table
from shared.auth import Role

OWNERS = (
    ("units_ore", "Til enhetene (hovedstol og renter)"),
    ("collector_ore", "Til innkrevingen (gebyrer og kostnader)"),
    ("overpaid_ore", "Til skyldnere (betalt for mye)"),
    ("suspense_ore", "Ukjente innbetalinger"),
    ("in_transit_ore", "På vei ut"),
)


def show_proof(town: Town, narrator: Narrator) -> None:
    """Show the proof and check it."""
    files = town.files()
    reported = sum(file["amount_ore"] for file in files)
    proof = town.server.get("/claims-api/v1/audit/proof", role=Role.AUDITOR)
    shown = table("Bevis ved slutten", "", "Kroner", right=("Kroner",))
    shown.add_row(f"Banken meldte, i {len(files)} filer", amount(reported))
    shown.add_row("Regnskapets bankkonto", amount(proof["bank_ore"]), end_section=True)
    for name, label in OWNERS:
        shown.add_row(label, amount(proof[name]))
    owned = sum(proof[name] for name, _label in OWNERS)
    shown.add_row("Til sammen", amount(owned))
    narrator.console.print()
    narrator.console.print(shown)
    narrator.check("banken = regnskapet = andelene, på øret", reported == proof["bank_ore"] == owned)
