"""Finds OCR giro transactions by the hundred: one pattern over a part of the file where nothing else stands.

The pattern says what the line-by-line reader checks: item 1, item 2 of the same type and number, item 3 where the type
has one, each of 80 characters, with digits where numbers are. What it does not fit is read line by line, which tells
what is wrong.
"""

from __future__ import annotations

import re

from payments_ingest.formats.ocr_layout import LENGTH, WITH_TEXT
from payments_ingest.formats.ocr_lines import Lines

#: type, number, Nets date, settlement, sign, amount, KID, form, archive, bank date, debit account, text ("" for none)
Fields = tuple[str, str, str, str, str, str, str, str, str, str, str, str]

_TRANSACTION = re.compile(
    r"NY09(1[0-9]|2[01])30([0-9]{7})([0-9]{6})([0-9]{10})([0 -])([0-9]{17})([^\n]{25})[^\n]{6}\n"
    r"NY09(?:\1)31\2([^\n]{10})([^\n]{9})[^\n]{7}([^\n]{6})([^\n]{11})[^\n]{22}\n"
    r"(?:NY09(?:\1)32\2([^\n]{40})[^\n]{25}\n)?",
    re.ASCII,
)
_LINE = LENGTH + 1


def lines_of(fields: Fields) -> int:
    """How many lines a transaction takes."""
    return 3 if fields[0] in WITH_TEXT else 2


def scan(lines: Lines) -> list[Fields]:
    """The transactions from the line given out last to near the end of what is in memory, and passes over them.

    None of them, passing over nothing, when anything else stands between them, or when this part was tried before.
    """
    part = lines.fresh()
    if part is None:
        return []
    text, begin = part
    end = _last_item_1(text)
    found: list[Fields] = _TRANSACTION.findall(text, begin, end)
    if sum(map(lines_of, found)) * _LINE != end - begin:
        return []
    if found:
        lines.continue_at(end)
    return found


def _last_item_1(text: str) -> int:
    """Where the last transaction begins: whether all of it is in memory cannot be told."""
    place = len(text)
    while (place := text.rfind("\nNY09", 0, place)) >= 0:
        if text.startswith("30", place + 7):
            return place + 1
    return 0
