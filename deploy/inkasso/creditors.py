"""``inkasso creditors``: the units that hand claims over, and their agreements."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from inkasso.client import Refused, connect, explain
from inkasso.output import console, fail, table

app = typer.Typer(help="Oppdragsgivere og avtaler.", no_args_is_help=True)

CreditorsFile = Annotated[Path, typer.Argument(help="Oppdragsgivere og avtaler (TOML).", exists=True, dir_okay=False)]
Who = Annotated[str, typer.Option("--as", help="Operatørens navn. Nye kontoer krever to.")]


@app.command()
def apply(
    file: Annotated[
        Path, typer.Argument(help="Fil med oppdragsgivere og avtaler (TOML).", exists=True, dir_okay=False)
    ],
    who: Who = "",
) -> None:
    """Legg inn oppdragsgivere. Endres et kontonummer, venter endringen på en annen person."""
    try:
        content = json.loads(json.dumps(tomllib.loads(file.read_text("utf-8")), default=_day))
    except tomllib.TOMLDecodeError as wrong:
        fail(f"{file.name}: ikke gyldig TOML: {wrong}")
    try:
        applied = connect().post("/claims-api/v1/creditors", content, name=who)
    except Refused as refused:
        raise explain(refused) from None
    if applied["state"] == "pending":
        console.print(f"Venter på godkjenning av en annen: inkasso creditors approve {applied['change_id']} --as NAVN")
    else:
        console.print(
            {"applied": "Tatt i bruk: ", "unchanged": "Uendret: "}[applied["state"]] + ", ".join(applied["units"])
        )


@app.command()
def approve(
    change_id: Annotated[str, typer.Argument(help="Endringen.")],
    who: Who = "",
    *,
    refuse: Annotated[bool, typer.Option("--refuse", help="Avvis i stedet.")] = False,
) -> None:
    """Godkjenn (eller avvis) en endring som en annen har lagt inn."""
    try:
        connect().post(f"/claims-api/v1/creditors/changes/{change_id}/approval", {"approve": not refuse}, name=who)
    except Refused as refused:
        raise explain(refused) from None
    console.print("Avvist." if refuse else "Godkjent.")


@app.command("list")
def list_creditors() -> None:
    """Vis enhetene."""
    shown = table("Oppdragsgivere", "Enhet", "Navn", "Org.nr.")
    try:
        for item in connect().get("/claims-api/v1/creditors")["items"]:
            shown.add_row(item["unit"], item["name"], item["org_number"])
    except Refused as refused:
        raise explain(refused) from None
    console.print(shown)


def _day(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"expected text, numbers or dates, got {type(value).__name__}")
