"""Tables as CSV for spreadsheets: semicolons, amounts in øre, and no cell that is run as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

CSV = "text/csv; charset=utf-8"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], *, header: bool = True) -> str:
    """Return rows as CSV text; keys that are no column are left out."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, delimiter=";", extrasaction="ignore", lineterminator="\r\n")
    if header:
        writer.writeheader()
    writer.writerows({name: _safe(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def attachment(name: str) -> dict[str, str]:
    """Return the headers that make a browser keep an answer as ``name``.csv; the name is never a caller's text."""
    return {"Content-Disposition": f'attachment; filename="{name}.csv"'}


def _safe(value: object) -> object:
    """Keep a spreadsheet from running a text as a formula; numbers are no texts here."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
