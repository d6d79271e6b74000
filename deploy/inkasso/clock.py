"""``inkasso clock``: show and move the sandbox's business date."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

import typer
from rich.progress import Progress

from inkasso.client import MOVE_TIMEOUT_S, Refused, Server, connect, explain
from inkasso.output import console, errors
from inkasso.words import many

app = typer.Typer(help="Vis og flytt datoen i sandkassen.", no_args_is_help=True)

PATH = "/sandbox/v1/clock"
COUNTS = ("days", "steps", "letters", "payments")


def move(server: Server, **wish: Any) -> dict[str, Any]:
    """Move the business date in one call; raises Refused."""
    return server.post(PATH, wish, timeout=MOVE_TIMEOUT_S)


def move_day_by_day(server: Server, days: int) -> dict[str, Any]:
    """Move ``days`` days with a progress bar; returns the sum of what happened."""
    total: dict[str, Any] = dict.fromkeys(COUNTS, 0)
    with Progress(console=errors, transient=True) as progress:
        task = progress.add_task("Flytter datoen", total=days)
        for _ in range(days):
            moved = move(server, advance_days=1)
            total = {name: total[name] + moved[name] for name in COUNTS} | {"date": moved["date"]}
            progress.update(task, advance=1, description=moved["date"])
    return total


@app.command()
def show() -> None:
    """Vis virkedatoen."""
    try:
        console.print(connect().get(PATH)["date"])
    except Refused as refused:
        raise explain(refused) from None


@app.command()
def advance(days: Annotated[int, typer.Argument(help="Antall dager.", min=0, max=400)]) -> None:
    """Flytt datoen fram; alt som forfaller underveis, skjer før kommandoen er ferdig."""
    server = connect()
    try:
        _tell(move_day_by_day(server, days) if days else move(server, advance_days=0))
    except Refused as refused:
        raise explain(refused) from None


@app.command("set")
def set_date(day: Annotated[datetime, typer.Argument(help="Datoen.", formats=["%Y-%m-%d"])]) -> None:
    """Flytt til en dato; bakover bare før det første kravet."""
    server = connect()
    try:
        days = (day.date() - date.fromisoformat(server.get(PATH)["date"])).days
        _tell(move_day_by_day(server, days) if 0 < days <= 400 else move(server, date=day.date().isoformat()))
    except Refused as refused:
        raise explain(refused) from None


def _tell(moved: dict[str, Any]) -> None:
    days = many(moved["days"], "dag", "dager")
    payments = many(moved["payments"], "betaling", "betalinger")
    console.print(f"{moved['date']}: {days}, {moved['steps']} steg forfalt, {moved['letters']} brev sendt, {payments}")
