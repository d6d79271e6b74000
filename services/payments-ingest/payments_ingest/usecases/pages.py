"""What the bank sends in several pages: each is booked as it comes, and a statement is proved when all are there.

The balances of one page prove nothing. A page that does not come keeps its bank days from being completed by the
statement, and is an alarm that says which are there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from payments_ingest.formats import Format
from payments_ingest.store import days, pages
from payments_ingest.store.pages import PageOf
from payments_ingest.usecases.staging import digest
from shared.uow import Uow

MISSING = "page_missing"
DIFFER = "pages_differ"
SYSTEM = "system:payments-ingest"

Statement = Mapping[str, Any]
Take = Callable[[str, Statement], None]


def note_page(uow: Uow, statement: Statement) -> None:
    """Keep what one page of a statement adds up to until the others are there."""
    names = ("opening_ore", "closing_ore", "moved_ore", "first_day", "last_day", "days")
    sums = {name: statement[name] for name in names}
    pages.put_sums(uow.tx, Format.CAMT053, statement["account"], statement["identity"], statement["page"], sums)


def prove_pages(uow: Uow, take: Take) -> None:
    """Look at everything that came in pages: give ``take`` each statement that is whole and agrees with its balances
    (its account and the statement), and raise or settle the alarms.
    """
    found: dict[tuple[str, str, str], list[PageOf]] = defaultdict(list)
    for page in pages.unproved_pages(uow.tx):
        found[(page.family, page.account, page.identity)].append(page)
    for (family, account, identity), parts in found.items():
        if family == Format.CAMT053 and not all(part.sums for part in parts):
            continue  # a statement of an account that is not ours was skipped
        alarm_id = f"{MISSING}:{digest('/'.join((family, account, identity)))}"
        if not _all_there(uow, family, parts):
            facts = {"format": family, "pages": [part.page for part in parts], "last": _last(parts)}
            _alarm(uow, alarm_id, MISSING, account, facts)
            continue
        days.settle_alarm(uow.tx, alarm_id, who=SYSTEM, at=uow.now)
        if family == Format.CAMT053:
            _prove(uow, account, identity, parts, take)
        pages.mark_whole(uow.tx, family, account, identity, uow.now)


def _all_there(uow: Uow, family: str, parts: Sequence[PageOf]) -> bool:
    """Whether no page is missing: of the statement, or of the message that carries it on some of its pages."""
    if _unbroken({part.page: part.is_last for part in parts}):
        return True
    messages = {part.message_id for part in parts}
    return len(messages) == 1 and _unbroken(pages.pages_of_message(uow.tx, family, messages.pop()))


def _unbroken(numbers: Mapping[int, bool]) -> bool:
    last = max(numbers)
    return numbers[last] and set(numbers) == set(range(1, last + 1))


def _last(parts: Sequence[PageOf]) -> int | None:
    return next((part.page for part in parts if part.is_last), None)


def _prove(uow: Uow, account: str, identity: str, parts: Sequence[PageOf], take: Take) -> None:
    opening = next((ore for part in parts if (ore := part.sums["opening_ore"]) is not None), None)
    closing = next((ore for part in reversed(parts) if (ore := part.sums["closing_ore"]) is not None), None)
    moved = sum(part.sums["moved_ore"] for part in parts)
    if opening is None or closing is None or opening + moved != closing:
        facts = {"opening_ore": opening, "moved_ore": moved, "closing_ore": closing}
        _alarm(uow, f"{DIFFER}:{digest(f'{account}/{identity}')}", DIFFER, account, facts)
        return
    in_ore: dict[str, int] = defaultdict(int)
    for part in parts:
        for day, ore in part.sums["days"]:
            in_ore[day] += ore
    periods = [(part.sums["first_day"], part.sums["last_day"]) for part in parts]
    first = min((first for first, _ in periods if first), default=None)
    last = max((last for _, last in periods if last), default=None)
    take(account, {"first_day": first, "last_day": last, "days": sorted(in_ore.items())})


def _alarm(uow: Uow, alarm_id: str, kind: str, account: str, facts: Mapping[str, Any]) -> None:
    day: date | None = None
    raised = days.raise_alarm(uow.tx, alarm_id, kind=kind, account=account, day=day, facts=facts, at=uow.now)
    before = days.find_alarm(uow.tx, alarm_id)
    if not raised and before is not None and before.facts != facts:
        days.renew_alarm(uow.tx, alarm_id, facts=facts, at=uow.now)
