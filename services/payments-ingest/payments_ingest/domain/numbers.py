"""The numbers in a payer's message that could name a case: candidates, never one guess.

Two numbers of ours can stand in free text: the saksnummer (ten digits) and the KID (fifteen), both with a MOD10 check
digit. People write them in groups, with the wrong separators, with O for 0, beside dates, phone numbers, national ids
and amounts; each of those is told apart here, and what is left is looked up by whoever calls.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from payments_ingest.domain.text import normalise
from shared.kid import CASE_NUMBER_LENGTH, KID_LENGTH

CANDIDATES_MAX = 16
"""Numbers of one message that are looked up; more than this and the message names nothing."""

NEIGHBOURS_MAX = 40
_GROUPS_MAX = 24
_BEFORE = 28

_DROPPED = re.compile(
    r"""
    (?=[0-9+tmprnk])(?:                                                # how any of these begins: most places do not
      (?<![0-9])(?=[0-9])(?![0-9]{10})(?:                          # no row of ten digits is a date or an amount
          (?:                                                      # a date: 1.2.26, 01.02.2026, 2026-02-01
              [0-3]?[0-9][./-][ ]?[01]?[0-9][./-][ ]?(?:(?:19|20)[0-9]{2}|[0-9]{2})
            | (?:19|20)[0-9]{2}[-./][01][0-9][-./][0-3][0-9]
          )(?![0-9])
        | [0-9]{1,3}(?:[ .]?[0-9]{3}){0,2},(?:[0-9]{2}|-{1,2})(?![0-9])
      )
    | (?:(?:\+|(?<![0-9])00)[ ]?47|\b(?:tlf|tel|telefon|mob|mobil|phone|ring))[ .:]*(?:[0-9][ ]?){7}[0-9](?![0-9])
    | \bno[0-9]{2}(?:[ ]?[0-9]{4}){2}[ ]?[0-9]{3}(?![0-9])          # an IBAN
    | \b(?:kr|nok)[ .:]*[0-9]{1,3}(?:[ .]?[0-9]{3}){0,2}(?:[.,](?:[0-9]{2}|-{1,2}))?(?![0-9])
    )
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
_DENIED = re.compile(
    r"\b(?:ikke|ikkje|feil\w*|rettelse|retting|istedenfor|not|wrong|instead|nie|nicht)\b", re.IGNORECASE
)
_INVOICE = re.compile(
    r"\b(?:faktura|fakt|fak|invoice|inv|regning)[a-z]{0,8}[ .:#-]{0,3}(?:(?:nr|no|nummer)[ .:#-]{0,3})?"
    r"([a-z]{0,4}-?[0-9][0-9a-z/-]{2,29})"
)
_NOT_REFERENCE = re.compile(r"[^0-9a-z]")
_BARE_INVOICE = range(5, 21)
_NEARLY = (CASE_NUMBER_LENGTH - 1, CASE_NUMBER_LENGTH, CASE_NUMBER_LENGTH + 1, KID_LENGTH)
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_DOUBLING = bytes.maketrans(b"0123456789", b"0246813579")
_ZERO = ord("0")
_WORTH = {str(digit): (digit, doubled) for digit, doubled in enumerate(_DOUBLED)}
"""What a digit adds to the MOD10 sum at an undoubled and at a doubled place."""


class Kind(StrEnum):
    """What a candidate number would be."""

    KID = "kid"
    CASE = "case_number"
    INVOICE = "invoice"
    NEAR = "near"


class Candidate(NamedTuple):
    """One number found in a message; a tuple because thousands a second are made.

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
    read = _read(plain, amount_ore)
    confused = _CONFUSED.search(plain) is not None
    if len(read) <= 1 and not confused:
        return tuple(read)
    found: dict[str, Candidate] = {}
    for candidate in read:
        _keep(found, candidate)
    if confused:
        for candidate in _read(_CONFUSED.sub(_mend_digits, plain), amount_ore):
            _keep(found, candidate._replace(mended=True))
    return tuple(found.values()) if len(found) <= CANDIDATES_MAX else ()


def denies(text: str) -> bool:
    """Tell whether a message says that something is not so, or was wrong: what it means then is for a person."""
    return _DENIED.search(text) is not None


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
    if "09" not in number and "90" not in number:
        return ()
    return tuple(
        f"{number[:at]}{pair[::-1]}{number[at + 2 :]}"
        for at in range(len(number) - 1)
        if (pair := number[at : at + 2]) in ("09", "90")
    )


def _slips(number: str, length: int) -> Iterator[str]:
    """Yield what ``number`` may be a slip of, with the right check digit: at each place there is one such digit."""
    worth = [_WORTH[digit] for digit in number]
    if len(number) == length:
        yield from _altered(number, worth)
    elif len(number) == length - 1:
        yield from _completed(number, worth)
    elif len(number) == length + 1:
        yield from _shortened(number, worth)


def _altered(number: str, worth: list[tuple[int, int]]) -> Iterator[str]:
    """Two neighbours swapped back, or one digit put right."""
    last = len(number) - 1
    rest = sum(both[(last - at) % 2] for at, both in enumerate(worth))
    for at in range(last):
        odd = (last - at) % 2
        left, right = worth[at], worth[at + 1]
        if not (rest - left[odd] - right[1 - odd] + right[odd] + left[1 - odd]) % 10:
            yield number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    for at in range(last + 1):
        odd = (last - at) % 2
        yield f"{number[:at]}{_digit_worth(worth[at][odd] - rest, odd)}{number[at + 1 :]}"


def _completed(number: str, worth: list[tuple[int, int]]) -> Iterator[str]:
    """The digit that is missing, put in at each place: what stands before it moves one place to the left."""
    last = len(number) - 1
    rest = sum(both[(last - at) % 2] for at, both in enumerate(worth))
    for at in range(last + 2):
        yield f"{number[:at]}{_digit_worth(-rest, (last + 1 - at) % 2)}{number[at:]}"
        if at <= last:
            odd = (last - at) % 2
            rest += worth[at][1 - odd] - worth[at][odd]


def _shortened(number: str, worth: list[tuple[int, int]]) -> Iterator[str]:
    """One digit too many, left out: what stands before it moves one place to the right."""
    last = len(number) - 1
    rest = sum(both[(last - at) % 2] for at, both in enumerate(worth))
    for at, both in enumerate(worth):
        odd = (last - at) % 2
        if not (rest - both[odd]) % 10:
            yield number[:at] + number[at + 1 :]
        rest += both[1 - odd] - both[odd]


def _digit_worth(value: int, odd: int) -> int:
    """Return the digit that counts ``value`` modulo 10 at a place that is doubled (``odd``) or not."""
    return _DOUBLED.index(value % 10) if odd else value % 10


def _mod10_rest(digits: str) -> int:
    """Return the MOD10 (Luhn) sum of digits and check digit, modulo 10: 0 when the check digit is right.

    The same rule as ``shared.kid.mod10``, for the many numbers of one message that are tried.
    """
    signs = digits.encode()
    return (sum(signs[-1::-2]) + sum(signs[-2::-2].translate(_DOUBLING)) - _ZERO * len(signs)) % 10


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


def _read(plain: str, amount_ore: int) -> list[Candidate]:
    text = _DROPPED.sub("|", plain)
    found: list[Candidate] = []
    anchored, end = False, -1
    for match in _CHAIN.finditer(text):
        start = match.start()
        listed = anchored and _LISTED.fullmatch(text, end, start) is not None
        anchored = listed or (start > 0 and _CASE_WORD.search(text[max(0, start - _BEFORE) : start]) is not None)
        end = match.end()
        chain = match.group()
        if chain.isdigit():
            _add_group(found, chain, amount_ore, anchored=anchored)
        else:
            _add_chain(found, chain, amount_ore, anchored=anchored)
    if "fak" in text or "inv" in text or "regning" in text:
        for match in _INVOICE.finditer(plain):
            found.append(Candidate(fold_reference(match.group(1)), Kind.INVOICE, anchored=True))
    return found


def _add_chain(found: list[Candidate], chain: str, amount_ore: int, *, anchored: bool) -> None:
    """Add what a row of groups of digits may mean: each group, and neighbours pieced together."""
    groups = _GROUP.findall(chain)[:_GROUPS_MAX]
    total = sum(map(len, groups))
    for group in groups:
        if total != 11 or len(group) == CASE_NUMBER_LENGTH:
            _add_group(found, group, amount_ore, anchored=anchored and len(group) >= CASE_NUMBER_LENGTH)
    if total == 11:
        return  # a national id or an account, as people space them
    known = False
    for start in range(len(groups)):
        for stop, joined in _joined(groups, start):
            candidate = _own_number(joined, anchored=anchored and start == 0, whole=stop - start == len(groups))
            if candidate:
                known = True
                found.append(candidate)
    if anchored and not known and total in (CASE_NUMBER_LENGTH, KID_LENGTH):
        found.append(Candidate("".join(groups), Kind.NEAR, anchored=True))


def _joined(groups: list[str], start: int) -> Iterator[tuple[int, str]]:
    """Piece neighbouring groups together, two or more, to the two lengths that matter."""
    joined = groups[start]
    for stop in range(start + 1, len(groups)):
        joined += groups[stop]
        if len(joined) > KID_LENGTH:
            return
        if len(joined) in (CASE_NUMBER_LENGTH, KID_LENGTH):
            yield stop + 1, joined


def _add_group(found: list[Candidate], group: str, amount_ore: int, *, anchored: bool) -> None:
    """Add what a row of digits may be: a number of ours, nearly one, or an invoice number."""
    candidate = _own_number(group, anchored=anchored, whole=True)
    if candidate:
        found.append(candidate)
    elif anchored and len(group) in _NEARLY:
        found.append(Candidate(group, Kind.NEAR, anchored=True))
    elif _may_be_invoice(group, amount_ore):
        found.append(Candidate(group.lstrip("0"), Kind.INVOICE))


def _may_be_invoice(group: str, amount_ore: int) -> bool:
    """Tell whether digits may be an invoice number: not too few or too many, no national id and no amount."""
    size = len(group)
    if size not in _BARE_INVOICE or size == 11 or len(group.lstrip("0")) <= 3:
        return False
    return group not in (str(amount_ore), str(amount_ore // 100))


def _own_number(digits: str, *, anchored: bool, whole: bool) -> Candidate | None:
    size = len(digits)
    if size not in (CASE_NUMBER_LENGTH, KID_LENGTH) or _mod10_rest(digits):
        return None
    if size == CASE_NUMBER_LENGTH:
        return Candidate(digits, Kind.CASE, anchored, whole)
    if digits[0] in "1234":
        return Candidate(digits, Kind.KID, anchored, whole)
    return None
