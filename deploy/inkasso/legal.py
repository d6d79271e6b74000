"""``inkasso legal``: the desk's legal steps, from the proposal to what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from inkasso.case import find_case
from inkasso.client import Json, Refused, Server, connect, explain
from inkasso.output import amount, console, fail, table
from inkasso.words import LEGAL_STATES, day, legal_step, word
from shared.auth import Role

app = typer.Typer(help="Rettslige steg: se, godkjenn, send inn og registrer utfall.", no_args_is_help=True)

PATH = "/escalation/v1/legal-steps"
OUTCOMES = {
    "pay_deduction": "trekk i lønn",
    "benefit_deduction": "trekk i ytelse",
    "car_pledge": "pant i kjøretøy",
    "home_pledge": "pant i bolig",
    "other_pledge": "annet pant",
    "bank_deposit": "utlegg i bankinnskudd",
    "nothing_found": "intet til utlegg",
    "withdrawn": "trukket",
    "paid": "betalt",
    "judgment": "dom, forlik eller vedtak",
    "enforcement_ended": "trekket eller pantet er slutt",
}

StepId = Annotated[str, typer.Argument(help="Stegets id, fra «inkasso legal list».")]
Clerk = Annotated[str, typer.Option("--as", help="Saksbehandlerens navn.")]
Day = Annotated[datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="Dagen; uten: forretningsdatoen.")]


@app.command("list")
def list_steps(
    state: Annotated[str, typer.Option(help="Bare steg i denne tilstanden (proposed, approved, submitted …).")] = "",
) -> None:
    """Vis rettslige steg."""
    server = connect()
    query = {"state": state} if state else {}
    shown = table("Rettslige steg", "Steg", "Tilstand", "Foreslått", "Kan brukes til", "Dekning", "Stegets id")
    try:
        for step in server.items(PATH, role=Role.AUDITOR, **query):
            shown.add_row(
                legal_step(step),
                word(LEGAL_STATES, step["state"]),
                day(step["proposed_on"]),
                day(step["usable_to"]),
                _cover(step),
                step["legal_step_id"],
            )
    except Refused as refused:
        raise explain(refused) from None
    console.print(shown)


@app.command()
def show(step_id: StepId) -> None:
    """Vis ett steg: hva som må være i orden, og hvilke saker som kan følge med i samme begjæring."""
    try:
        step = connect().get(f"{PATH}/{step_id}", role=Role.AUDITOR)
    except Refused as refused:
        raise explain(refused) from None
    _tell(step)
    console.print(f"Saken: inkasso case show {step['case_id']}")
    checks = table("Må være i orden", "Regel", "I orden", "Hva", "Hjemmel")
    for check in step["checks"]:
        checks.add_row(check["rule"], "ja" if check["holds"] else "nei", check["detail"], check["law"])
    console.print(checks)
    if step["joinable"]:
        console.print(_joinable(step["joinable"]))


@app.command()
def approve(
    step_id: StepId,
    case: Annotated[list[str] | None, typer.Option(help="En sak til i samme begjæring; kan gjentas.")] = None,
    refuse: Annotated[str, typer.Option(help="Ikke godkjenn, av denne grunnen (hardship, small_debt …).")] = "",
    clerk: Clerk = "",
) -> None:
    """Godkjenn et foreslått steg, gjerne med skyldnerens andre modne saker, eller si nei med en grunn."""
    if refuse and case:
        fail("--case hører til en godkjenning.")
    server = connect()
    try:
        others = [find_case(server, one) for one in case or []]
        body: Json = {"outcome": "refused", "reason": refuse} if refuse else {"case_ids": others}
        _tell(server.post(f"{PATH}/{step_id}/approval", body, role=Role.CASEWORKER, name=clerk))
    except Refused as refused:
        raise explain(refused) from None


@app.command()
def submit(
    step_id: StepId,
    on: Day = None,
    reference: Annotated[str, typer.Option(help="Rettsorganets egen referanse.")] = "",
    own_papers: Annotated[bool, typer.Option(help="Sendt inn med andre papirer enn pakken herfra.")] = False,
    clerk: Clerk = "",
) -> None:
    """Registrer at et godkjent steg er sendt inn."""
    server = connect()
    try:
        body = {"submitted_on": _day(server, on), "reference": reference or None, "own_papers": own_papers}
        _tell(server.post(f"{PATH}/{step_id}/submission", body, role=Role.CASEWORKER, name=clerk))
    except Refused as refused:
        raise explain(refused) from None


@app.command()
def outcome(
    step_id: StepId,
    what: Annotated[str, typer.Argument(help="; ".join(f"{code}: {text}" for code, text in OUTCOMES.items()))],
    on: Day = None,
    monthly: Annotated[int | None, typer.Option(help="Trekk i måneden, i hele kroner.")] = None,
    clerk: Clerk = "",
) -> None:
    """Registrer hva som kom ut av et steg."""
    if what not in OUTCOMES:
        fail(f"Ukjent utfall {what}. Velg blant: {', '.join(OUTCOMES)}.")
    server = connect()
    try:
        body = {"outcome": what, "on": _day(server, on), "monthly_ore": None if monthly is None else monthly * 100}
        _tell(server.post(f"{PATH}/{step_id}/outcome", body, role=Role.CASEWORKER, name=clerk))
    except Refused as refused:
        raise explain(refused) from None


def _day(server: Server, on: datetime | None) -> str:
    if on is not None:
        return on.date().isoformat()
    return str(server.get("/sandbox/v1/clock")["date"])


def _tell(step: Json) -> None:
    line = f"{legal_step(step)}: {word(LEGAL_STATES, step['state'])}"
    if step["package_failure"]:
        line += f", pakken mangler: {step['package_failure']}"
    elif step["package_ready_on"] and not step["submitted_on"]:
        line += f", pakken er klar siden {day(step['package_ready_on'])}"
    if step["outcome"]:
        line += f", {word(OUTCOMES, step['outcome'])} {day(step['outcome_on'])}"
    if step["monthly_ore"]:
        line += f", {amount(step['monthly_ore'])} kroner i måneden"
    console.print(line)


def _joinable(found: list[Json]) -> Table:
    shown = table("Kan følge med i samme begjæring", "Sak", "Krav", "Foreslått", "Kan brukes til", right=("Krav",))
    for one in found:
        shown.add_row(one["case_id"], str(len(one["claim_ids"])), day(one["proposed_on"]), day(one["usable_to"]))
    return shown


def _cover(step: Json) -> str:
    if step["cover"] is None:
        return "–"
    return "sannsynlig" if step["cover"]["likely"] else "usikker"
