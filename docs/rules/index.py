"""Write the index of the rule pages, or say what a page names.

``python docs/rules/index.py`` writes README.md anew from the pages and the register of pitfalls.
"""

from __future__ import annotations

import runpy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
REGISTER = ROOT / "tests" / "law" / "register.py"
KINDS = ("table", "setting", "ladder", "function", "test")
"""What a page may name: a table of rates.toml, a setting, a number of ladder.toml, a function, a test."""

HEAD = """# The rules

One page for each area of the law: the rule in words, the table it uses, the function that applies it, the test that
shows it. Figures are in `services/claims-api/claims_api/domain/rates.toml`, each with its first day and its source.
What is our own reading is in [decisions-for-a-lawyer.md](../decisions-for-a-lawyer.md).

This index is made from the pages: `python docs/rules/index.py`.
"""
PITFALLS = """
## The thirty-nine pitfalls

Where naive implementations go wrong. Each is shown by at least one test, which is seen to fail under the naive rule
(`tests/law/test_register.py`).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A rule page: its title, the law it is about, its words, and what it names (kind and name)."""

    file: str
    title: str
    law: str
    rule: str
    named: tuple[tuple[str, str], ...]

    def names(self, kind: str) -> list[str]:
        """Return what the page names of one kind."""
        return [name for one, name in self.named if one == kind]


def pages() -> list[Page]:
    """Read every rule page, by file name; raises ValueError that names a page and what it lacks."""
    return [read(path) for path in sorted(FOLDER.glob("*.md")) if path.name != "README.md"]


def read(path: Path) -> Page:
    """Read one page; raises ValueError when a part is missing."""
    text = path.read_text("utf-8")
    lines = text.splitlines()
    if not lines[0].startswith("# ") or not lines[2].startswith("Law: "):
        raise ValueError(f"{path.name}: expected a title and a line that begins with Law:")
    if "## The rule\n" not in text or "## Where it is\n" not in text:
        raise ValueError(f"{path.name}: expected the parts The rule and Where it is")
    rule, places = text.split("## The rule\n")[1].split("## Where it is\n")
    return Page(
        file=path.name,
        title=lines[0].removeprefix("# "),
        law=lines[2].removeprefix("Law: "),
        rule=rule.strip(),
        named=tuple(_named(path.name, places)),
    )


def index() -> str:
    """Return the index."""
    rows = ["| area | law | tables | functions | tests |", "|---|---|---|---|---|"]
    for page in pages():
        counts = " | ".join(str(len(page.names(kind))) for kind in ("table", "function", "test"))
        rows.append(f"| [{page.title}]({page.file}) | {page.law} | {counts} |")
    tables = ["| table | page |", "|---|---|"]
    owners = {name: page for page in pages() for name in page.names("table")}
    tables += [f"| `{name}` | [{page.title}]({page.file}) |" for name, page in sorted(owners.items())]
    pitfalls = ["| no. | mistake | law | shown by |", "|---|---|---|---|"]
    for number, one in register().items():
        pitfalls.append(f"| {number} | {one.mistake} | {one.law} | `{one.shown_by[0].split('::')[1]}` |")
    parts = [HEAD, *rows, "\n## Which page explains a table\n", *tables, PITFALLS, *pitfalls]
    return "\n".join(parts) + "\n"


def register() -> Mapping[int, Any]:
    """Return the register of pitfalls."""
    found: Mapping[int, Any] = runpy.run_path(str(REGISTER))["PITFALLS"]
    return found


def _named(file: str, places: str) -> Iterator[tuple[str, str]]:
    for line in places.strip().splitlines():
        kind, _, name = (part.strip() for part in line.strip("|").partition("|"))
        if not kind or set(kind) <= {"-"}:
            continue
        if kind not in KINDS or not name.startswith("`") or not name.endswith("`"):
            raise ValueError(f"{file}: expected one of {', '.join(KINDS)} and a name in backticks, got {line}")
        yield kind, name.strip("`")


if __name__ == "__main__":
    (FOLDER / "README.md").write_text(index(), "utf-8")
