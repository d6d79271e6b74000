"""``inkasso rates``: check the rate tables without a server."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer

from embedded.rates import RATE_FILES
from inkasso.output import console, fail, table
from shared.clock import SystemClock
from shared.law import RateTable, RateTableError, load_rate_tables

app = typer.Typer(help="Sjekk satsene.", no_args_is_help=True)

WARN_DAYS = 31
"""How long before the last known day a table is reported as running out."""
LOOK_AHEAD_DAYS = 366
"""How far ahead it is said what will be missing."""


@app.command()
def check(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Satsfiler; uten: dem plattformen bruker.", exists=True)
    ] = None,
) -> None:
    """Les satsene strengt og vis hvor langt de er kjent. Feil gir status 1, satser som snart løper ut, status 2."""
    today = SystemClock().today()
    late = False
    for path in files or RATE_FILES:
        try:
            tables = load_rate_tables(path)
        except RateTableError as wrong:
            fail(f"{path.name}: {wrong}")
        shown = table(path.name, "Tabell", "Enhet", "Rader", "Gjelder nå", "Kjent til", "", right=("Rader",))
        for rates in tables.values():
            word = _verdict(rates, today)
            late = late or bool(word)
            now = str(rates.on(today).value) if rates.covers(today) else "–"
            shown.add_row(rates.name, rates.unit, str(len(rates.rows)), now, rates.known_to.isoformat(), word)
        console.print(shown)
        for rates in _ending(tables.values(), today):
            since = (rates.known_to + timedelta(days=1)).isoformat()
            console.print(f"{rates.name}: mangler fra {since}. Brev og skritt som trenger satsen, venter fra da.")
    if late:
        raise typer.Exit(2)


def _ending(tables: Iterable[RateTable], today: date) -> list[RateTable]:
    """Return the tables that end within a year or have ended, the first to end first."""
    ending = [rates for rates in tables if rates.known_to < today + timedelta(days=LOOK_AHEAD_DAYS)]
    return sorted(ending, key=lambda rates: (rates.known_to, rates.name))


def _verdict(rates: RateTable, today: date) -> str:
    if rates.known_to < today:
        return "[red]mangler[/red]"
    return "[yellow]løper ut[/yellow]" if rates.known_to < today + timedelta(days=WARN_DAYS) else ""
