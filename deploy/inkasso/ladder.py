"""``inkasso ladder``: what would happen, by today's numbers and by others; nothing is changed by looking."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from inkasso.case import find_case
from inkasso.client import Json, Refused, Server, connect, explain
from inkasso.output import amount, console, fail, table
from inkasso.words import LETTERS, STEPS, day, many, word
from shared.auth import Role

app = typer.Typer(help="Se hva innkrevingsløpet vil gjøre.", no_args_is_help=True)

PATH = "/escalation/v1/simulations"
CASES_MAX = 5_000
SIMULATION_TIMEOUT_S = 600.0


@app.callback()
def _group() -> None:
    """Keep the group when it has one command."""


@app.command()
def simulate(
    case: Annotated[str, typer.Option(help="Én sak: id, saksnummer eller KID.")] = "",
    portfolio: Annotated[bool, typer.Option("--portfolio", help="Alle åpne saker.")] = False,
    unit: Annotated[str, typer.Option(help="Bare saker for denne enheten.")] = "",
    policy: Annotated[Path | None, typer.Option(help="TOML-fil med [policy]-tall som skal prøves.")] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="Hvor mange dager fram.")] = 90,
) -> None:
    """Vis brev, gebyrer og rettslige steg framover, slik reglene er nå og med andre tall."""
    if bool(case) == portfolio or (case and unit):
        fail("Velg enten --case eller --portfolio (og da gjerne --unit).")
    server = connect()
    body: Json = {"days": days, "cases_max": CASES_MAX}
    if policy is not None:
        body["policy"] = read_policy(policy)
    if unit:
        body["creditor_unit"] = unit
    try:
        if case:
            body["case_id"] = find_case(server, case)
        found = _ask(server, body)
    except Refused as refused:
        raise explain(refused) from None
    console.print(_days(found))
    console.print(_sums(found))
    if found["truncated"]:
        console.print(f"Bare de første {CASES_MAX} sakene er regnet med.")


def read_policy(path: Path) -> dict[str, Any]:
    """Return the numbers of a file's [policy] table (or of the file, when it has none); ends the command when wrong."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as wrong:
        fail(f"{path}: {wrong.strerror}")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        fail(f"{path}: ikke gyldig TOML: {wrong}")
    numbers = content.get("policy", content)
    if not isinstance(numbers, dict):
        fail(f"{path}: [policy] må være en tabell.")
    # A whole ladder file names its ladder there too; the simulation keeps the ladder and tries the numbers.
    return {name: value for name, value in numbers.items() if name != "ladder"}


def _ask(server: Server, body: Json) -> Json:
    with console.status("Ser framover …"):
        return server.post(PATH, body, role=Role.AUDITOR, timeout=SIMULATION_TIMEOUT_S)


def _days(found: Json) -> Table:
    title = f"Fra {day(found['first'])} til {day(found['last'])}, {many(found['cases'], 'sak', 'saker')}"
    now = {(row["on"], row["step"]): row["count"] for row in found["now"]["by_day"]}
    other = {(row["on"], row["step"]): row["count"] for row in (found["changed"] or {"by_day": []})["by_day"]}
    numbers = ("Nå", "Med andre tall") if found["changed"] else ("Nå",)
    shown = table(title, "Dato", "Steg", *numbers, right=numbers)
    for on, step in sorted({*now, *other}):
        counts = [str(of.get((on, step), 0)) for of in ((now, other) if found["changed"] else (now,))]
        shown.add_row(day(on), word(STEPS, word(LETTERS, step)), *counts)
    return shown


def _sums(found: Json) -> Table:
    shown = table("I alt", "", "Brev", "Rettslige steg", "Gebyrer", right=("Brev", "Rettslige steg", "Gebyrer"))
    for name, label in (("now", "Nå"), ("changed", "Med andre tall")):
        sums = found[name]
        if sums:
            shown.add_row(label, str(sums["letters"]), str(sums["legal_steps"]), amount(sums["fees_ore"]))
    if found["changed"]:
        shown.caption = f"{many(found['affected_cases'], 'sak', 'saker')} får andre steg eller andre dager."
    return shown
