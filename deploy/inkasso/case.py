"""``inkasso case``: everything about one case in one view."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from inkasso.client import Refused, Server, connect, explain
from inkasso.output import amount, console, fail, table
from inkasso.words import (
    CLAIM_STATES,
    CLAIM_TYPES,
    LEGAL_STATES,
    LETTER_STATES,
    LETTERS,
    OWNERS,
    STEPS,
    day,
    legal_step,
    moment,
    word,
)
from shared.auth import Role
from shared.kid import is_valid_case_number, is_valid_kid

app = typer.Typer(help="Se en sak.", no_args_is_help=True)

BALANCE = (
    ("principal_ore", "Hovedstol"),
    ("interest_ore", "Renter"),
    ("fees_ore", "Gebyrer"),
    ("legal_costs_ore", "Rettslige kostnader"),
    ("overpaid_ore", "Betalt for mye"),
    ("total_ore", "Å betale"),
)


@app.command()
def show(case: Annotated[str, typer.Argument(help="Sakens id, saksnummeret eller en KID.")]) -> None:
    """Vis krav, saldo, kontoutskrift, hendelser, brev og hva som skjer videre."""
    server = connect()
    try:
        for shown in case_tables(server, find_case(server, case)):
            console.print(shown if shown.row_count else f"{shown.title}: ingenting")
            console.print()
    except Refused as refused:
        raise explain(refused) from None


def find_case(server: Server, text: str) -> str:
    """Return the id of the case that an id, a saksnummer or a KID points at; ends the command when there is none."""
    if is_valid_case_number(text):
        query = {"case_number": text}
    elif is_valid_kid(text):
        query = {"kid": text}
    else:
        return text
    found = server.get("/claims-api/v1/cases", role=Role.AUDITOR, **query)["items"]
    if not found:
        fail(f"Ingen sak har nummeret {text}.")
    return str(found[0]["case_id"])


def case_tables(server: Server, case_id: str) -> list[Table]:
    """Return the tables that describe a case, read as an auditor; raises Refused."""
    found = server.get(f"/claims-api/v1/cases/{case_id}", role=Role.AUDITOR)
    steps = server.get(f"/escalation/v1/cases/{case_id}", role=Role.AUDITOR)
    return [
        _claims(found),
        _balance(server, case_id),
        _statement(server, case_id),
        _timeline(server, case_id),
        _letters(server, case_id),
        _next(steps),
    ]


def _claims(found: dict[str, Any]) -> Table:
    title = f"Sak {found['case_number']}, {found['creditor']['name']}, KID for hele saken {found['kid']}"
    shown = table(title, "KID", "Krav", "Faktura", "Forfall", "Hovedstol", "Tilstand", right=("Hovedstol",))
    for claim in found["claims"]:
        shown.add_row(
            claim["kid"],
            word(CLAIM_TYPES, claim["claim_type"]),
            claim["invoice_number"],
            day(claim["due_date"]),
            amount(claim["principal_ore"]),
            word(CLAIM_STATES, claim["status"]),
        )
    return shown


def _balance(server: Server, case_id: str) -> Table:
    balance = server.get(f"/claims-api/v1/cases/{case_id}/balance", role=Role.AUDITOR)
    shown = table(f"Saldo {day(balance['as_of'])}", "", "Kroner", right=("Kroner",))
    for name, label in BALANCE:
        shown.add_row(label, amount(balance[name]))
    return shown


def _statement(server: Server, case_id: str) -> Table:
    statement = server.get(f"/claims-api/v1/cases/{case_id}/statement", role=Role.AUDITOR)
    shown = table("Kontoutskrift", "Dato", "Post", "Kroner", "Hjemmel", right=("Kroner",))
    for line in statement["lines"]:
        shown.add_row(
            day(line["value_date"]), line["title"], amount(line["amount_ore"]), line["explanation"]["reference"]
        )
    shown.add_row("", "Sum", amount(statement["total_ore"]), "")
    return shown


def _timeline(server: Server, case_id: str) -> Table:
    shown = table("Hendelser", "Når", "Hva")
    for item in server.items(f"/claims-api/v1/cases/{case_id}/timeline", role=Role.AUDITOR):
        shown.add_row(moment(item["at"]), item["summary"])
    return shown


def _letters(server: Server, case_id: str) -> Table:
    shown = table("Brev", "Slag", "Sendt", "Frist", "Kroner", "Brevets id", right=("Kroner",))
    for letter in server.items("/notifications/v1/letters", role=Role.AUDITOR, case_id=case_id):
        sent = letter["state"] == "sent"
        shown.add_row(
            word(LETTERS, letter["kind"]),
            day(letter["sent_on"]) if sent else word(LETTER_STATES, letter["state"]),
            day(letter["deadline"]),
            amount(letter["amount_ore"]),
            letter["letter_id"],
        )
    return shown


def _next(steps: dict[str, Any]) -> Table:
    shown = table("Videre", "Steg", "Dato", "Hos", "Hva som skjer")
    coming = steps["next"]
    if coming:
        shown.add_row(word(STEPS, coming["step"]), day(coming["on"]), word(OWNERS, coming["owner"]), coming["then"])
    for legal in steps["legal_steps"]:
        shown.add_row(legal_step(legal), "–", "–", word(LEGAL_STATES, legal["state"]))
    return shown
