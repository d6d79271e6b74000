"""How the demonstration is told: dates as headings, what happens as sentences, what must hold as checks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from rich.console import Console
from rich.table import Table

from inkasso.output import amount, table
from inkasso.words import day as short_day
from shared.money import kroner

MONTHS = (
    "januar", "februar", "mars", "april", "mai", "juni",
    "juli", "august", "september", "oktober", "november", "desember",
)  # fmt: skip

KINDS = {"inkassovarsel": "Inkassovarsel", "betalingsoppfordring": "Betalingsoppfordring"}


def long_date(day: date) -> str:
    """Return a date as people write it: 14. januar 2026."""
    return f"{day.day}. {MONTHS[day.month - 1]} {day.year}"


def kr(ore: int) -> str:
    """Return an amount with its unit."""
    return f"{kroner(ore)} kr"


class Narrator:
    """Prints the story and keeps count of what did not hold."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.broken: list[str] = []

    def day(self, day: date) -> None:
        """Begin a day."""
        self.console.print()
        self.console.rule(f"[bold]{long_date(day)}[/bold]", align="left", style="blue")

    def tell(self, text: str) -> None:
        """Tell what happens."""
        self.console.print(text)

    def check(self, text: str, holds: bool) -> None:
        """Say that something holds, or that it does not and should."""
        mark = "[green]✓[/green]" if holds else "[red]✗[/red]"
        self.console.print(f"  {mark} {text}")
        if not holds:
            self.broken.append(text)

    def letters(self, title: str, rows: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """Show letters with whom they go to."""
        shown: Table = table(title, "Til", "Brev", "Sendt", "Frist", "Kroner", right=("Kroner",))
        for name, letter in rows:
            kind = KINDS.get(letter["kind"], letter["kind"])
            days = (short_day(letter["sent_on"]), short_day(letter["deadline"]))
            shown.add_row(name, kind, *days, amount(letter["amount_ore"]))
        self.console.print(shown)
