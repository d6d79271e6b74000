"""From released to sent: letters are marked before a channel is asked, and told of when it has answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from notifications.channels import Duplicate, NotThere, Outcome, Refused, RetryLater, Sent
from notifications.domain.states import LIVE, LetterState, MailingState, retry_delay_s
from notifications.store import documents, parties
from notifications.store import mailings as store
from notifications.store.mailings import Letter, Mailing
from notifications.usecases.ending import fail
from notifications.usecases.rendering import ask
from shared.events.notifications import LetterDispatched, LetterSent
from shared.uow import Uow

TAKEN = frozenset({LetterState.DISPATCHED, LetterState.SENT})


@dataclass(slots=True)
class Errand:
    """What to ask a channel: letters to submit on ``day`` (with their PDFs), and letters that it may have already."""

    day: date
    submit: list[Letter] = field(default_factory=list)
    look_for: list[Letter] = field(default_factory=list)
    pdfs: dict[str, bytes] = field(default_factory=dict)
    settled: int = 0


def take(uow: Uow, letter_ids: Sequence[str], channel: str) -> Errand:
    """Mark released letters as being submitted today through ``channel``; durable before any channel is called.

    Not when the recipient has been erased (the letter fails), and not after the last day of the release: then
    claims-api is asked again, once a day. ``settled`` counts the letters that were dealt with here.
    """
    errand = Errand(uow.today)
    letters = store.find_letters(uow.tx, letter_ids)
    locked = store.lock(uow.tx, (letter.mailing_id for letter in letters.values()))
    letters = store.find_letters(uow.tx, letter_ids)
    known = parties.find(uow.tx, (letter.debtor_ref for letter in letters.values()))
    erased, late = {}, set()
    for letter in sorted(letters.values(), key=lambda one: (one.mailing_id, one.ordinal)):
        mailing = locked[letter.mailing_id]
        if letter.state in (LetterState.SUBMITTING, LetterState.DISPATCHED):
            errand.look_for.append(letter)
        elif letter.state is not LetterState.RELEASED:
            continue
        elif letter.debtor_ref in known and known[letter.debtor_ref].erased:
            erased[letter.letter_id] = "erased"
        elif mailing.until is not None and uow.today > mailing.until:
            late.add(mailing.mailing_id)
        else:
            errand.submit.append(letter)
    fail(uow, erased)
    _mark_submitting(uow, errand, channel)
    errand.settled = len(erased) + _ask_again(uow, late, locked)
    return errand


def _mark_submitting(uow: Uow, errand: Errand, channel: str) -> None:
    # A sibling of a letter that has just failed was withdrawn with it: only what still stands as released goes.
    standing = store.find_letters(uow.tx, (letter.letter_id for letter in errand.submit))
    errand.submit = [one for one in errand.submit if standing[one.letter_id].state is LetterState.RELEASED]
    marks = {one.letter_id: {"submitted_on": uow.today, "channel": channel, "retry_at": None} for one in errand.submit}
    store.move(uow.tx, LetterState.SUBMITTING, marks)
    errand.pdfs = documents.contents_of_letters(uow.tx, marks)


def _ask_again(uow: Uow, late: set[str], locked: Mapping[str, Mailing]) -> int:
    due = sorted(one for one in late if locked[one].asked_on is None or locked[one].asked_on < uow.today)  # type: ignore[operator]
    store.move_held_back(uow.tx, due, LetterState.RENDERED)
    for mailing_id, letters in store.letters_of(uow.tx, due).items():
        ask(uow, locked[mailing_id], letters)
    return len(due)


def record(uow: Uow, outcomes: Mapping[str, Outcome]) -> int:
    """Write down what the channel answered for each letter, and publish what that means for its mailing.

    Returns how many letters moved on; those that only wait are not counted.
    """
    letters = store.find_letters(uow.tx, outcomes)
    locked = store.lock(uow.tx, (letter.mailing_id for letter in letters.values()))
    before = store.letters_of(uow.tx, locked)
    waiting = {one.letter_id: one for group in before.values() for one in group if one.letter_id in outcomes}
    taken: dict[str, dict[str, Any]] = {}
    sent: dict[str, dict[str, Any]] = {}
    refused: dict[str, str] = {}
    for letter_id, letter in waiting.items():
        outcome = outcomes[letter_id]
        if isinstance(outcome, Sent | Duplicate):
            _sort_taken(uow, letter, outcome, taken, sent)
        elif isinstance(outcome, Refused):
            refused[letter_id] = outcome.reason
    moved = store.move(uow.tx, LetterState.DISPATCHED, taken) + store.move(uow.tx, LetterState.SENT, sent)
    moved += _keep(uow, waiting, outcomes, locked)
    fail(uow, refused)
    after = store.letters_of(uow.tx, locked)
    for mailing_id, mailing in sorted(locked.items()):
        _tell(uow, mailing, before[mailing_id], after[mailing_id])
    return moved + len(refused)


def _sort_taken(
    uow: Uow,
    letter: Letter,
    outcome: Sent | Duplicate,
    taken: dict[str, dict[str, Any]],
    sent: dict[str, dict[str, Any]],
) -> None:
    day = letter.dispatched_on or letter.submitted_on or uow.today
    receipts = [*letter.receipts, *([dict(outcome.receipt)] if outcome.receipt else [])]
    if outcome.sent_on is not None:
        times = {"dispatched_on": day, "sent_on": outcome.sent_on, "retry_at": None, "ended_at": uow.now}
        sent[letter.letter_id] = times | {"receipts": receipts}
    elif letter.state is LetterState.DISPATCHED:
        return
    else:
        taken[letter.letter_id] = {"dispatched_on": day, "attempts": 0, "receipts": receipts}


def _keep(
    uow: Uow, letters: Mapping[str, Letter], outcomes: Mapping[str, Outcome], locked: Mapping[str, Mailing]
) -> int:
    """Put back what the channel never got, keep in what is no longer to go, and let the rest wait its turn."""
    back, gone, retry = {}, {}, {}
    for letter_id, letter in letters.items():
        outcome = outcomes[letter_id]
        if isinstance(outcome, NotThere) and letter.state is LetterState.SUBMITTING:
            if locked[letter.mailing_id].state in LIVE:
                back[letter_id] = {"submitted_on": None, "retry_at": None}
            else:
                gone[letter_id] = {"submitted_on": None, "ended_at": uow.now}
        elif isinstance(outcome, RetryLater | NotThere) or outcome in (Sent(None), Duplicate(None)):
            retry[letter_id] = uow.machine.now() + timedelta(seconds=retry_delay_s(letter.attempts + 1))
    store.wait(uow.tx, retry)
    return store.move(uow.tx, LetterState.RELEASED, back) + store.move(uow.tx, LetterState.WITHDRAWN, gone)


def _tell(uow: Uow, mailing: Mailing, before: Sequence[Letter], after: Sequence[Letter]) -> None:
    """Publish what is new: every recipient's letter with the channel, then each letter sent, first and last marked."""
    was = {letter.letter_id: letter.state for letter in before}
    sent_before = sum(state is LetterState.SENT for state in was.values())
    new = [one for one in after if one.state is LetterState.SENT and was[one.letter_id] is not LetterState.SENT]
    all_taken = all(letter.state in TAKEN for letter in after)
    if mailing.is_demand and all_taken and not all(state in TAKEN for state in was.values()):
        days = [letter.dispatched_on for letter in after if letter.dispatched_on is not None]
        uow.emit(
            LetterDispatched(
                demand_id=mailing.mailing_id,
                case_id=mailing.case_id,
                channel=after[-1].channel or "",
                dispatched_on=max(days),
            ),
            key=mailing.case_id,
        )
    all_sent = all(letter.state is LetterState.SENT for letter in after)
    for n, letter in enumerate(new):
        sent = _sent(mailing, letter, first=sent_before + n == 0, last=all_sent and n == len(new) - 1)
        uow.emit(sent, key=mailing.case_id)
    if new and all_sent and mailing.state in LIVE:
        store.set_mailings(uow.tx, [mailing.mailing_id], state=MailingState.SENT.value, ended_at=uow.now)


def _sent(mailing: Mailing, letter: Letter, *, first: bool, last: bool) -> LetterSent:
    if letter.sent_on is None or letter.channel is None:
        raise ValueError(f"letter {letter.letter_id}: expected a day and a channel of a letter that was sent")
    return LetterSent(
        demand_id=letter.mailing_id,
        letter_id=letter.letter_id,
        case_id=letter.case_id,
        debtor_ref=letter.debtor_ref,
        kind=letter.kind,
        sent_on=letter.sent_on,
        # Only a demand's deadline moves the ladder; the day a confirmation prints is in the events about its request.
        deadline=letter.deadline if mailing.is_demand else None,
        channel=letter.channel,
        first=first,
        last=last,
    )
