"""The ends of letters that do not go out: failed for a stated reason, and with them their mailing."""

from __future__ import annotations

from collections.abc import Mapping

from notifications.domain.states import LIVE, LetterState, MailingState
from notifications.store import mailings as store
from shared.events.notifications import LetterFailed
from shared.uow import Uow


def fail(uow: Uow, reasons: Mapping[str, str]) -> None:
    """Fail these letters, each for its reason (a stable code), and say so.

    Their mailings fail with them: the other recipients' letters that are still held back are withdrawn, so that no
    demand goes to one of several debtors only. claims-api withdraws the demand and a caseworker takes over.
    """
    if not reasons:
        return
    letters = store.find_letters(uow.tx, reasons)
    locked = store.lock(uow.tx, (letter.mailing_id for letter in letters.values()))
    store.move(
        uow.tx,
        LetterState.FAILED,
        {letter_id: {"failure": reason, "ended_at": uow.now} for letter_id, reason in reasons.items()},
    )
    live = [mailing_id for mailing_id, mailing in locked.items() if mailing.state in LIVE]
    store.set_mailings(uow.tx, live, state=MailingState.FAILED.value, ended_at=uow.now)
    store.move_held_back(uow.tx, live, LetterState.WITHDRAWN, ended_at=uow.now)
    for letter_id, letter in sorted(letters.items()):
        failed = LetterFailed(
            demand_id=letter.mailing_id, letter_id=letter_id, case_id=letter.case_id, reason=reasons[letter_id]
        )
        uow.emit(failed, key=letter.case_id)
