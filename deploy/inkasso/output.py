"""What the commands print: one console for results, one for errors, and amounts and dates as people read them."""

from __future__ import annotations

from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from shared.money import kroner

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

IN_ONE_PIECE = {"KID", "Slag", "Forfall", "Dato", "Når", "Sendt", "Frist", "Foreslått"}
"""Columns whose words people copy or compare: a narrow window breaks others first."""


def fail(message: str, code: int = 1) -> NoReturn:
    """Print ``message`` on standard error and end the command."""
    errors.print(message, style="red", markup=False)
    raise typer.Exit(code)


def table(title: str, *columns: str, right: tuple[str, ...] = ()) -> Table:
    """Make a table; columns named in ``right`` hold numbers, and numbers, days and KIDs stand in one piece."""
    made = Table(title=title, title_justify="left", header_style="bold", expand=False)
    for column in columns:
        number = column in right
        made.add_column(
            column,
            justify="right" if number else "left",
            overflow="fold",
            no_wrap=number or column in IN_ONE_PIECE,
        )
    return made


def amount(ore: Any) -> str:
    """Return an amount in kroner, or a dash when there is none."""
    return "–" if ore is None else kroner(int(ore))
