"""Is this line new? The same payment may come again in another transmission, and in another channel.

Nothing is dropped silently and nothing is booked twice: a line is booked, linked to the same payment told in another
channel, or held for a person. Legitimate twins (two equal payments on one day) are told apart by counting.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from payments_ingest.domain.lines import Line
from shared.calendar import add_bank_days

NEAR_BANK_DAYS = 3
COPY_FLAG = "copy"


class Standing(StrEnum):
    """What a line is to the books."""

    BOOKED = "booked"
    LINKED = "linked"
    POSSIBLE_DUPLICATE = "possible_duplicate"
    DUPLICATE = "duplicate"


class Seen(NamedTuple):
    """A line that was released before, as far as its identity goes."""

    payment_id: str
    file_id: str
    channel: str
    kind: str
    account: str
    day: date
    amount_ore: int
    kid: str | None
    channel_key: str
    fingerprint: str
    standing: Standing
    linked_to: str | None = None


class Verdict(NamedTuple):
    """What to do with a line, and which payment it repeats."""

    standing: Standing
    of: str | None = None


class Register:
    """Everything seen so far that could be the same as the lines at hand; grows as they are judged."""

    def __init__(self, seen: Iterable[Seen]) -> None:
        self._by_fingerprint: dict[str, list[Seen]] = defaultdict(list)
        self._by_channel_key: dict[str, list[Seen]] = defaultdict(list)
        self._by_kid: dict[tuple[str, str, str, int], list[Seen]] = defaultdict(list)
        self._links: set[tuple[str, str]] = set()
        for one in seen:
            self._add(one)

    def judge(self, line: Line, file_id: str) -> Verdict:
        """Decide what the line is, and remember it for those that follow."""
        verdict = self._redelivered(line, file_id) or self._other_channel(line) or self._near(line)
        verdict = verdict or Verdict(standing=Standing.BOOKED)
        self._add(
            Seen(
                payment_id=line.payment_id,
                file_id=file_id,
                channel=line.channel,
                kind=line.kind,
                account=line.account,
                day=line.day,
                amount_ore=line.amount_ore,
                kid=line.kid,
                channel_key=line.channel_key,
                fingerprint=line.fingerprint,
                standing=verdict.standing,
                linked_to=verdict.of,
            )
        )
        return verdict

    def _add(self, seen: Seen) -> None:
        self._by_fingerprint[seen.fingerprint].append(seen)
        self._by_channel_key[seen.channel_key].append(seen)
        if seen.kid:
            self._by_kid[(seen.account, seen.kind, seen.kid, seen.amount_ore)].append(seen)
        if seen.standing is Standing.LINKED and seen.linked_to is not None:
            self._links.add((seen.linked_to, seen.channel))

    def _redelivered(self, line: Line, file_id: str) -> Verdict | None:
        """The same line in another transmission: the n-th of equal lines repeats the n-th of an earlier file's."""
        equal = [s for s in self._by_fingerprint.get(line.fingerprint, ()) if s.channel == line.channel]
        if not equal:
            return None
        ordinal = sum(s.file_id == file_id for s in equal)
        per_file: dict[str, list[Seen]] = defaultdict(list)
        for seen in equal:
            if seen.file_id != file_id:
                per_file[seen.file_id].append(seen)
        for others in per_file.values():
            if len(others) > ordinal:
                copy = COPY_FLAG in line.flags
                standing = Standing.DUPLICATE if copy else Standing.POSSIBLE_DUPLICATE
                return Verdict(standing=standing, of=others[ordinal].payment_id)
        return None

    def _other_channel(self, line: Line) -> Verdict | None:
        """The same payment told in another channel: as many are booked as the channel that tells most of them."""
        alike = self._by_channel_key.get(line.channel_key)
        if alike is None:
            return None
        same = [s for s in alike if s.standing in (Standing.BOOKED, Standing.LINKED)]
        mine = sum(s.channel == line.channel for s in same)
        booked = [s for s in same if s.standing is Standing.BOOKED]
        if mine >= len(booked):
            return None
        free = (s for s in booked if s.channel != line.channel and (s.payment_id, line.channel) not in self._links)
        found = next(free, None)
        return Verdict(standing=Standing.LINKED, of=found.payment_id) if found else None

    def _near(self, line: Line) -> Verdict | None:
        """The same KID and amount in another channel a few bank days away: a person must say whether it is the same."""
        if not line.kid:
            return None
        for seen in self._by_kid.get((line.account, line.kind, line.kid, line.amount_ore), ()):
            if (
                seen.standing is Standing.BOOKED
                and seen.channel != line.channel
                and (seen.payment_id, line.channel) not in self._links
                and _close(seen.day, line.day)
            ):
                return Verdict(standing=Standing.POSSIBLE_DUPLICATE, of=seen.payment_id)
        return None


def _close(one: date, other: date) -> bool:
    return max(one, other) <= add_bank_days(min(one, other), NEAR_BANK_DAYS)
