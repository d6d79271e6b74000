"""From planned to rendered: what becomes of a mailing when its letters are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from notifications.domain.states import LetterState, MailingState
from notifications.store import documents, mailings, parties, texts
from notifications.store.mailings import Letter, Mailing
from notifications.store.texts import Text
from notifications.usecases.ending import fail
from shared.events.notifications import LetterReady, RenderedLetter
from shared.uow import Uow


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What rendering one letter gave: the PDF, or the stable reason why there is none."""

    letter: Letter
    party_version: int
    language: str
    pdf: bytes = b""
    sha256: str = ""
    pages: int = 0
    failure: str | None = None
    texts: tuple[Text, ...] = ()


def record_made(uow: Uow, made: Sequence[Made]) -> list[Made]:
    """Archive rendered letters, and publish what is ready; returns those that were still wanted.

    A demand all of whose letters are rendered asks for the last look; a notice goes on its own. A letter that cannot be
    made fails its whole mailing. One whose recipient or words changed meanwhile is left for the next round.
    """
    locked = mailings.lock(uow.tx, (one.letter.mailing_id for one in made))
    current = mailings.find_letters(uow.tx, (one.letter.letter_id for one in made))
    known = parties.versions(uow.tx, (one.letter.debtor_ref for one in made))
    words = texts.find(uow.tx, (text.text_id for one in made for text in one.texts))
    wanted = [
        one
        for one in made
        if locked[one.letter.mailing_id].state is MailingState.PLANNED
        and current[one.letter.letter_id].state is LetterState.PLANNED
        and known.get(one.letter.debtor_ref) == one.party_version
        and all(words.get(text.text_id) == text for text in one.texts)
    ]
    good = [one for one in wanted if one.failure is None]
    documents.add(uow.tx, [_document(uow, one) for one in good], {one.sha256: one.pdf for one in good})
    changes = {o.letter.letter_id: {"sha256": o.sha256, "pages": o.pages, "language": o.language} for o in good}
    mailings.move(uow.tx, LetterState.RENDERED, changes)
    fail(uow, {one.letter.letter_id: one.failure for one in wanted if one.failure is not None})
    complete(uow, {one.letter.mailing_id for one in wanted})
    return wanted


def complete(uow: Uow, mailing_ids: set[str]) -> None:
    """Pass on every one of these mailings that has all its letters rendered."""
    locked = mailings.find(uow.tx, mailing_ids)
    for mailing_id, letters in sorted(mailings.letters_of(uow.tx, mailing_ids).items()):
        mailing = locked[mailing_id]
        if mailing.state is not MailingState.PLANNED or any(one.state is not LetterState.RENDERED for one in letters):
            continue
        if mailing.is_demand:
            ask(uow, mailing, letters)
        else:
            mailings.set_mailings(uow.tx, [mailing_id], state=MailingState.RELEASED.value)
            mailings.move_held_back(uow.tx, [mailing_id], LetterState.RELEASED)


def ask(uow: Uow, mailing: Mailing, letters: Sequence[Letter]) -> None:
    """Ask claims-api for its last look at a demand whose letters are rendered."""
    mailings.set_mailings(uow.tx, [mailing.mailing_id], state=MailingState.READY.value, asked_on=uow.today)
    uow.emit(
        LetterReady(
            demand_id=mailing.mailing_id,
            case_id=mailing.case_id,
            letters=[
                RenderedLetter(
                    letter_id=one.letter_id, debtor_ref=one.debtor_ref, sha256=one.sha256 or "", pages=one.pages or 0
                )
                for one in letters
            ],
        ),
        key=mailing.case_id,
    )


def _document(uow: Uow, one: Made) -> dict[str, Any]:
    letter = one.letter
    return {
        "document_id": letter.letter_id,
        "direction": "out",
        "media_type": "application/pdf",
        "sha256": one.sha256,
        "size_bytes": len(one.pdf),
        "letter_id": letter.letter_id,
        "unit": letter.unit,
        "debtor_ref": letter.debtor_ref,
        "created_at": uow.now,
    }
