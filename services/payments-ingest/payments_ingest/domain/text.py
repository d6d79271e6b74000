"""What payers write, made comparable: one spelling of dashes, spaces, digits and letters.

Free text is personal data. Nothing here logs, and nothing here raises with text in it.
"""

from __future__ import annotations

import re
import unicodedata

from shared.party import PartyIdError, check_national_id

TEXT_MAX = 2_000
"""Characters of a message that matching reads; 14 lines of 140 (camt Ustrd) fit."""

NAME_PARTS_MAX = 12

_DASHES = "\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{FIGURE DASH}\N{EN DASH}\N{EM DASH}\N{HORIZONTAL BAR}\N{MINUS SIGN}"
_INVISIBLE = "\N{SOFT HYPHEN}\N{ZERO WIDTH SPACE}\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}\N{WORD JOINER}\ufeff"


def _cp1252() -> dict[int, str]:
    """Map the C1 control characters to what cp1252 meant by those bytes."""
    table = {}
    for byte in range(0x80, 0xA0):
        try:
            table[byte] = bytes([byte]).decode("cp1252")
        except UnicodeDecodeError:
            table[byte] = " "
    return table


_CLEAN: dict[int, str | None] = {
    **_cp1252(),
    **{ord(char): None for char in _INVISIBLE},
    **{ord(char): "-" for char in _DASHES},
}
_UNCLEAN = re.compile(f"[{''.join(map(re.escape, map(chr, _CLEAN)))}]")
# UTF-8 that someone read as cp1252 leaves pairs such as «Ã¥» (å) and «â€“» (–).
_MOJIBAKE = re.compile("[\u00c2\u00c3][\u0080-\u00bf\u0152-\u2122]|\u00e2[\u0080\u20ac]")
_LETTERS = str.maketrans({"æ": "ae", "ø": "o", "å": "a", "ä": "ae", "ö": "o", "ð": "d", "þ": "th", "ł": "l", "đ": "d"})
_WORDS = re.compile(r"[a-z]+")
_NATIONAL_ID = re.compile(r"(?<!\d)(\d{6})[ .-]?(\d{5})(?!\d)", re.ASCII)
_NOT_NAMES = frozenset(
    _WORDS.findall(
        "as asa ans da enk sa ba nuf ks iks kf hf ab gmbh ltd inc og and the v ved c o co for fra til "
        "bo dodsbo estate konto privat felles norge norway"
    )
)


def normalise(text: str) -> str:
    """Return ``text`` in one spelling: NFKC, lower case, plain dashes and spaces, cp1252 damage mended."""
    return " ".join(_spelled(text).split())


def _spelled(text: str) -> str:
    text = text[:TEXT_MAX]
    if text.isascii():
        return text.lower()
    text = _mend(text)
    if not _UNCLEAN.search(text) and unicodedata.is_normalized("NFKC", text):
        return text.casefold()  # by far the most: letters such as æøå, and nothing to clean
    return unicodedata.normalize("NFKC", text.translate(_CLEAN)).casefold().translate(_CLEAN)


def without_national_ids(text: str) -> str:
    """Return ``text`` with every national id in it (real or synthetic) starred out.

    Other runs of eleven digits stay: an invoice may be numbered like that, and matching looks for it.
    """
    return _NATIONAL_ID.sub(_starred, text)


def _starred(found: re.Match[str]) -> str:
    try:
        check_national_id(found[1] + found[2], allow_synthetic=True)
    except PartyIdError:
        return found[0]
    return "*" * 11


def _mend(text: str) -> str:
    """Undo UTF-8 that was decoded as cp1252; text that cannot have come about like that stays as it is."""
    if not _MOJIBAKE.search(text):
        return text
    try:
        return bytes(_byte(char) for char in text).decode("utf-8")
    except (UnicodeError, ValueError):
        return text


def _byte(char: str) -> int:
    """Return the byte that cp1252, or latin-1 where cp1252 has none, shows as ``char``."""
    code = ord(char)
    return code if code < 0x100 else char.encode("cp1252")[0]


def name_parts(name: str) -> frozenset[str]:
    """Return the folded parts of a person's or a business's name that tell it from others.

    Order, case, accents and æøå spelled with other letters do not matter; initials and company forms are left out.
    """
    folded = _spelled(name)
    if not folded.isascii():
        folded = folded.translate(_LETTERS)
        folded = "".join(char for char in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(char))
    folded = folded.replace("aa", "a").replace("oe", "o").replace("'", "")
    words = [word for word in _WORDS.findall(folded) if len(word) > 1 and word not in _NOT_NAMES]
    return frozenset(words[:NAME_PARTS_MAX])
