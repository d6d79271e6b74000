"""Write the parts of docs/concepts/the-ladder.md that come from the table, between its two markers.

python -m escalation.page docs/concepts/the-ladder.md
"""

from __future__ import annotations

import sys
from pathlib import Path

from escalation.domain.ladder import EdgeKind, Ladder
from escalation.domain.policy import Book, load_book

BEGIN = "<!-- made from ladder.toml: begin -->"
END = "<!-- made from ladder.toml: end -->"


def refresh(page: Path) -> None:
    """Replace what lies between the markers; raises ValueError when the page lacks one."""
    before, begin, rest = page.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page.name}: expected the markers {BEGIN} and {END}")
    page.write_text(f"{before}{BEGIN}\n\n{_made(load_book())}\n{END}{after}", "utf-8")


def _made(book: Book) -> str:
    parts = []
    for ladder in book.ladders.values():
        parts += [f"### The ladder `{ladder.name}`\n", f"```mermaid\n{ladder.mermaid()}```\n", _edges(ladder)]
    return "\n".join([*parts, "### Holds\n", _holds(book)])


def _edges(ladder: Ladder) -> str:
    rows = ["| from | trigger | to | reason | law |", "|---|---|---|---|---|"]
    for edge in ladder.edges:
        if edge.kind is not EdgeKind.SAME:
            rows.append(f"| {edge.source} | {edge.trigger.value} | {edge.target} | {edge.reason} | {edge.law} |")
    return "\n".join(rows) + "\n"


def _holds(book: Book) -> str:
    rows = ["| reason | what people read | who ends it | what follows its end |", "|---|---|---|---|"]
    for hold in book.holds.values():
        follows = [
            "a new demand, if a deadline ran out or it was long" if hold.renews else "",
            "the last day is a deadline" if hold.last_day_is_deadline else "",
            "the claim is disputed while it stands" if hold.disputed else "",
        ]
        rows.append(f"| {hold.reason} | {hold.title} | {hold.owner.value} | {'; '.join(filter(None, follows))} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    refresh(Path(sys.argv[1]))
