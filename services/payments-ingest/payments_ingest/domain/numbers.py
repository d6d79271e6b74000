"""The numbers in a payer's message that could name a case: candidates, never one guess.

Two numbers of ours can stand in free text: the saksnummer (ten digits) and the KID (fifteen), both with a MOD10 check
digit. People write them in groups, with the wrong separators, with O for 0, beside dates, phone numbers, national ids
and amounts; each of those is told apart here, and what is left is looked up by whoever calls.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from payments_ingest.domain.text import normalise
from shared.kid import CASE_NUMBER_LENGTH, KID_LENGTH

CANDIDATES_MAX = 16
"""Numbers of one message that are looked up; more than this and the message names nothing."""

NEIGHBOURS_MAX = 40
_GROUPS_MAX = 24
_BEFORE = 28

_DROPPED = re.compile(
    r"""
      (?<![0-9])(?:                                                # a date: 1.2.26, 01.02.2026, 2026-02-01
          [0-3]?[0-9][./-][ ]?[01]?[0-9][./-][ ]?(?:(?:19|20)[0-9]{2}|[0-9]{2})
        | (?:19|20)[0-9]{2}[-./][01][0-9][-./][0-3][0-9]
      )(?![0-9])
    | (?:(?:\+|(?<![0-9])00)[ ]?47|\b(?:tlf|tel|telefon|mob|mobil|phone|ring))[ .:]*(?:[0-9][ ]?){7}[0-9](?![0-9])
    | \bno[0-9]{2}(?:[ ]?[0-9]{4}){2}[ ]?[0-9]{3}(?![0-9])          # an IBAN
    | \b(?:kr|nok)[ .:]*[0-9]{1,3}(?:[ .]?[0-9]{3}){0,2}(?:[.,](?:[0-9]{2}|-{1,2}))?(?![0-9])
    | (?<![0-9])[0-9]{1,3}(?:[ .]?[0-9]{3}){0,2},(?:[0-9]{2}|-{1,2})(?![0-9])
    """,
    re.VERBOSE,
)
_CHAIN = re.compile(r"[0-9]+(?:(?: ?[-./_] ?| {1,2})[0-9]+)*")
_GROUP = re.compile(r"[0-9]+")
_CASE_WORD = re.compile(
    r"""
    (?:^|[^a-z])
    (?:
        (?:inkas{1,2}o|krav|betalings?)?[ -]?s{1,2}a{1,2}k{1,2}(?:en|ens|s)?
      | sask | inkas{1,2}o | krav(?:et)? | ref(?:eranse)? | case | k\.?i\.?d
    )
    [ .:#_-]{0,2}(?:[nm][a-z]{0,8}|id|r)?
    (?:[^a-z0-9]{1,3}(?:er|is|var))?
    [^a-z0-9|]{0,5}$
    """,
    re.VERBOSE,
)
_LISTED = re.compile(r"[^a-z0-9|]*(?:og|and|samt)?[^a-z0-9|]*")
_CONFUSED = re.compile(r"(?<![a-z0-9])(?=[0-9oil|]*[0-9])[0-9oil|]*(?:[0-9][oil|]|[oil|][0-9])[0-9oil|]*(?![a-z0-9])")
_MENDED = str.maketrans("oil|", "0111")
_CONFUSED_DIGITS_MIN = 5
_INVOICE = re.compile(
    r"\b(?:faktura|fakt|fak|invoice|inv|regning)[a-z]{0,8}[ .:#-]{0,3}(?:(?:nr|no|nummer)[ .:#-]{0,3})?"
    r"([a-z]{0,4}-?[0-9][0-9a-z/-]{2,29})"
)
_NOT_REFERENCE = re.compile(r"[^0-9a-z]")
_BARE_INVOICE = range(5, 21)
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_DOUBLING = str.maketrans("0123456789", "0246813579")


class Kind(StrEnum):
    """What a candidate number would be."""

    KID = "kid"
    CASE = "case_number"
    INVOICE = "invoice"
    NEAR = "near"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One number found in a message.

    ``anchored``: a word such as «saksnr» stands before it. ``whole``: it stands alone, not pieced together from a
    longer row of groups. ``mended``: letters were read as digits. A ``NEAR`` candidate has a wrong check digit or
    length and is only good for suggesting its neighbours.
    """

    number: str
    kind: Kind
    anchored: bool = False
    whole: bool = True
    mended: bool = False


def find_numbers(text: str, amount_ore: int) -> tuple[Candidate, ...]:
    """Return the candidates of a message in the order they stand, the payment's own amount (øre) told apart from them.

    Empty when there is no number, or when there are more than ``CANDIDATES_MAX`` (nobody lists so many).
    """
    plain = normalise(text)
    if not _GROUP.search(plain):
        return ()
    found: dict[str, Candidate] = {}
    for candidate in _read(plain, amount_ore):
        _keep(found, candidate)
    if _CONFUSED.search(plain):
        for candidate in _read(_CONFUSED.sub(_mend_digits, plain), amount_ore):
            _keep(found, replace(candidate, mended=True))
    return tuple(found.values()) if len(found) <= CANDIDATES_MAX else ()


def fold_reference(text: str) -> str:
    """Return an invoice number as it is compared: lower case, letters and digits only, no leading zeros."""
    return _NOT_REFERENCE.sub("", normalise(text)).lstrip("0")[:60]


def neighbours(number: str) -> tuple[str, ...]:
    """Return the valid saksnumre or KIDs one slip away from ``number``: a digit wrong, swapped, missing or too many."""
    kid = len(number) >= KID_LENGTH - 1
    slips = dict.fromkeys(_slips(number, KID_LENGTH if kid else CASE_NUMBER_LENGTH))
    return tuple(n for n in slips if n != number and not (kid and n[0] not in "1234"))[:NEIGHBOURS_MAX]


def twins(number: str) -> tuple[str, ...]:
    """Return the numbers that differ from ``number`` by one swap of 09 and 90, which MOD10 does not see."""
    return tuple(
        f"{number[:at]}{pair[::-1]}{number[at + 2 :]}"
        for at in range(len(number) - 1)
        if (pair := number[at : at + 2]) in ("09", "90")
    )


def _slips(number: str, length: int) -> Iterator[str]:
    """Yield what ``number`` may be a slip of, with the right check digit: at each place there is one such digit."""
    if len(number) == length:
        for at in range(length - 1):
            swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
            if not _mod10_rest(swapped):
                yield swapped
        for at in range(length):
            yield _with_digit(number[:at], number[at + 1 :])
    elif len(number) == length - 1:
        for at in range(length):
            yield _with_digit(number[:at], number[at:])
    elif len(number) == length + 1:
        for at in range(length + 1):
            shorter = number[:at] + number[at + 1 :]
            if not _mod10_rest(shorter):
                yield shorter


def _with_digit(before: str, after: str) -> str:
    """Put the one digit between that makes the whole valid by MOD10."""
    missing = -_mod10_rest(f"{before}0{after}") % 10
    return f"{before}{_DOUBLED.index(missing) if len(after) % 2 else missing}{after}"


def _mod10_rest(digits: str) -> int:
    """Return the MOD10 (Luhn) sum of digits and check digit, modulo 10: 0 when the check digit is right.

    The same rule as ``shared.kid.mod10``, for the many numbers of one message that are tried.
    """
    return sum(map(int, digits[-1::-2] + digits[-2::-2].translate(_DOUBLING))) % 10


def _keep(found: dict[str, Candidate], candidate: Candidate) -> None:
    """Keep the strongest reading of each number: anchored before bare, whole before pieced together."""
    known = found.get(candidate.number)
    if known is None or (
        (candidate.anchored, candidate.whole) > (known.anchored, known.whole) and not candidate.mended
    ):
        found[candidate.number] = candidate


def _mend_digits(match: re.Match[str]) -> str:
    token = match.group()
    digits = sum(char.isdigit() for char in token)
    return token.translate(_MENDED) if len(token) >= _CONFUSED_DIGITS_MIN and digits >= 2 else token


def _read(plain: str, amount_ore: int) -> Iterator[Candidate]:
    text = _DROPPED.sub("|", plain)
    own = {str(amount_ore), str(amount_ore // 100)}
    anchored, end = False, -1
    for match in _CHAIN.finditer(text):
        start = match.start()
        listed = anchored and _LISTED.fullmatch(text, end, start) is not None
        anchored = listed or _CASE_WORD.search(text[max(0, start - _BEFORE) : start]) is not None
        end = match.end()
        yield from _of_chain(match.group(), own, anchored=anchored)
    if "fak" in text or "inv" in text or "regning" in text:
        for match in _INVOICE.finditer(plain):
            yield Candidate(number=fold_reference(match.group(1)), kind=Kind.INVOICE, anchored=True)


def _of_chain(chain: str, own: set[str], *, anchored: bool) -> Iterator[Candidate]:
    if chain.isdigit():
        yield from _of_group(chain, own, anchored=anchored)
        return
    groups = _GROUP.findall(chain)[:_GROUPS_MAX]
    total = sum(map(len, groups))
    for group in groups:
        if total != 11 or len(group) == CASE_NUMBER_LENGTH:
            yield from _of_group(group, own, anchored=anchored and len(group) >= CASE_NUMBER_LENGTH)
    if total == 11:
        return  # a national id or an account, as people space them
    known = False
    for start in range(len(groups)):
        for stop, joined in _joined(groups, start):
            candidate = _own_number(joined, anchored=anchored and start == 0, whole=stop - start == len(groups))
            if candidate:
                known = True
                yield candidate
    if anchored and not known and total in (CASE_NUMBER_LENGTH, KID_LENGTH):
        yield Candidate(number="".join(groups), kind=Kind.NEAR, anchored=True)


def _joined(groups: list[str], start: int) -> Iterator[tuple[int, str]]:
    """Piece neighbouring groups together, two or more, to the two lengths that matter."""
    joined = groups[start]
    for stop in range(start + 1, len(groups)):
        joined += groups[stop]
        if len(joined) > KID_LENGTH:
            return
        if len(joined) in (CASE_NUMBER_LENGTH, KID_LENGTH):
            yield stop + 1, joined


def _of_group(group: str, own: set[str], *, anchored: bool) -> Iterator[Candidate]:
    candidate = _own_number(group, anchored=anchored, whole=True)
    if candidate:
        yield candidate
        return
    near = (CASE_NUMBER_LENGTH - 1, CASE_NUMBER_LENGTH, CASE_NUMBER_LENGTH + 1, KID_LENGTH)
    if anchored and len(group) in near:
        yield Candidate(number=group, kind=Kind.NEAR, anchored=True)
    elif len(group) in _BARE_INVOICE and len(group) != 11 and group not in own and len(group.lstrip("0")) > 3:
        yield Candidate(number=group.lstrip("0"), kind=Kind.INVOICE)


def _own_number(digits: str, *, anchored: bool, whole: bool) -> Candidate | None:
    size = len(digits)
    if size not in (CASE_NUMBER_LENGTH, KID_LENGTH) or _mod10_rest(digits):
        return None
    if size == CASE_NUMBER_LENGTH:
        return Candidate(number=digits, kind=Kind.CASE, anchored=anchored, whole=whole)
    if digits[0] in "1234":
        return Candidate(number=digits, kind=Kind.KID, anchored=anchored, whole=whole)
    return None
