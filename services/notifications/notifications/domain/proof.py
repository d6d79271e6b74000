"""Proof of a deadline (fristbevis): which bytes went out when, and the count of days from there, for others to check.

The bundle holds every day of the count with why it does or does not count, and a seal: the SHA-256 of all the rest in
a canonical form. ``docs/how-to/verify_deadline_proof.py`` checks it offline, with a calendar of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from notifications.domain.letters import MIN_DEADLINE_DAYS
from shared.calendar import CALENDAR_VERSION, add_bank_days, is_bank_day, is_holiday, is_working_day, working_day_after

FORMAT = "innkreving.deadline-proof"
VERSION = 1
GRACE_BANK_DAYS = 3
"""Bank days between a deadline and the next step: an order given on the last day is reported by then."""

LAW: Mapping[str, str] = {
    "inkassovarsel": "inkassoloven § 9",
    "betalingsoppfordring": "inkassoloven § 10; tvangsfullbyrdelsesloven § 4-18",
    "tvangsvarsel": "tvangsfullbyrdelsesloven § 4-18",
}
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What is known of a letter that was sent: its identity and hash, and what the channel and the events say of it."""

    letter_id: str
    demand_id: str
    case_id: str
    case_number: str
    kind: str
    dated: date
    sent_on: date
    submitted_on: date
    dispatched_on: date
    deadline: date | None
    sha256: str
    pages: int
    channel: str
    receipts: Sequence[Mapping[str, Any]]
    events: Sequence[Mapping[str, Any]]


def bundle(sending: Sending) -> dict[str, Any]:
    """Return the proof as a JSON object; the same facts give the same object."""
    found: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "rules": {
            "calendar": CALENDAR_VERSION,
            "deadline": f"sent_on+{MIN_DEADLINE_DAYS}",
            "law": LAW.get(sending.kind),
        },
        "letter": {
            "letter_id": sending.letter_id,
            "demand_id": sending.demand_id,
            "case_id": sending.case_id,
            "case_number": sending.case_number,
            "kind": sending.kind,
            "dated": sending.dated.isoformat(),
            "pages": sending.pages,
            "sha256": sending.sha256,
        },
        "sending": {
            "channel": sending.channel,
            "submitted_on": sending.submitted_on.isoformat(),
            "dispatched_on": sending.dispatched_on.isoformat(),
            "sent_on": sending.sent_on.isoformat(),
            "receipts": [dict(receipt) for receipt in sending.receipts],
        },
        "count": None if sending.deadline is None else _count(sending.sent_on, sending.deadline),
        "events": [dict(event) for event in sending.events],
    }
    return found | {"seal": seal(found)}


def seal(proof: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a proof without its seal: keys sorted, no spaces, UTF-8."""
    rest = {name: value for name, value in proof.items() if name != "seal"}
    canonical = json.dumps(rest, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _count(sent_on: date, deadline: date) -> dict[str, Any]:
    """Return the count: day 0 is the day of sending; a deadline on no working day would have had to move."""
    earliest = sent_on + timedelta(days=MIN_DEADLINE_DAYS)
    grace_ends = add_bank_days(deadline, GRACE_BANK_DAYS)
    return {
        "days_required": MIN_DEADLINE_DAYS,
        "earliest_lawful": earliest.isoformat(),
        "deadline": deadline.isoformat(),
        "days_given": (deadline - sent_on).days,
        "is_lawful": deadline >= earliest and is_working_day(deadline),
        "days": [_day(sent_on, n) for n in range((deadline - sent_on).days + 1)],
        "grace_bank_days": GRACE_BANK_DAYS,
        "grace": [
            {**_day(deadline, n), "is_bank_day": is_bank_day(deadline + n * _DAY)}
            for n in range(1, (grace_ends - deadline).days + 1)
        ],
        "next_step_from": working_day_after(grace_ends).isoformat(),
    }


def _day(start: date, n: int) -> dict[str, Any]:
    day = start + n * _DAY
    return {"n": n, "date": day.isoformat(), "kind": _kind(day)}


def _kind(day: date) -> str:
    if is_holiday(day):
        return "holiday"
    return {5: "saturday", 6: "sunday"}.get(day.weekday(), "working_day")
