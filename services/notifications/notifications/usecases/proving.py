"""Proof of what was sent when, from the letter, the channel's receipts and the events that told of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from notifications.domain.proof import Sending, bundle
from notifications.domain.states import LetterState
from notifications.store import letters as store
from notifications.store.mailings import Letter
from shared.errors import Conflict
from shared.events.notifications import LetterDispatched, LetterReady, LetterSent
from shared.tables import Plumbing

TOLD = (LetterReady.TYPE, LetterDispatched.TYPE, LetterSent.TYPE)


def deadline_proof(tx: Connection, tables: Plumbing, letter: Letter) -> dict[str, Any]:
    """Return the proof of a letter's sending and deadline; raises Conflict for one that was not sent."""
    sent_on, submitted_on = letter.sent_on, letter.submitted_on
    if letter.state is not LetterState.SENT or sent_on is None or submitted_on is None or letter.sha256 is None:
        raise Conflict("letter-not-sent", f"letter: expected one that was sent, got {letter.state.value}")
    return bundle(
        Sending(
            letter_id=letter.letter_id,
            demand_id=letter.mailing_id,
            case_id=letter.case_id,
            case_number=letter.case_number,
            kind=letter.kind,
            dated=letter.dated,
            sent_on=sent_on,
            submitted_on=submitted_on,
            dispatched_on=letter.dispatched_on or submitted_on,
            deadline=letter.deadline,
            sha256=letter.sha256,
            pages=letter.pages or 0,
            channel=letter.channel or "",
            receipts=letter.receipts,
            events=_events(tx, tables, letter),
        )
    )


def _events(tx: Connection, tables: Plumbing, letter: Letter) -> Sequence[dict[str, Any]]:
    """Return what was published of this letter, in order; of co-debtors' letters only the demand's own events."""
    found = []
    for row in store.published(tx, tables, letter.case_id, TOLD):
        payload = json.loads(row["payload"])
        if payload["demand_id"] != letter.mailing_id or payload.get("letter_id", letter.letter_id) != letter.letter_id:
            continue
        found.append(
            {
                "event_id": row["event_id"],
                "type": row["type"],
                "version": row["version"],
                "recorded_at": row["recorded_at"].isoformat(),
            }
        )
    return found
