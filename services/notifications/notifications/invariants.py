"""What must always hold in this service's database; each check says in words what is broken."""

from __future__ import annotations

from sqlalchemy import Connection, and_, case, func, or_, select

from notifications.domain.states import ENDED, LIVE, LetterState, MailingState, PackageState
from notifications.store.documents import CONTENT, DOCUMENT
from notifications.store.mailings import LETTER, MAILING
from notifications.store.packages import PACKAGE

SHOWN_MAX = 20
"""How many offenders of one kind a check names."""


def violations(tx: Connection) -> list[str]:
    """Return every broken invariant; empty when all is well."""
    return [
        *_letters_without_a_document(tx),
        *_letters_without_their_days(tx),
        *_mailings_that_contradict_their_letters(tx),
        *_documents_without_bytes(tx),
        *_packages_without_their_facts(tx),
    ]


def _letters_without_a_document(tx: Connection) -> list[str]:
    """From rendered on, a letter has an archived document with the same hash."""
    query = (
        select(LETTER.c.letter_id)
        .outerjoin(DOCUMENT, and_(DOCUMENT.c.letter_id == LETTER.c.letter_id, DOCUMENT.c.sha256 == LETTER.c.sha256))
        .where(
            LETTER.c.state.not_in([LetterState.PLANNED, LetterState.WITHDRAWN, LetterState.FAILED]),
            DOCUMENT.c.document_id.is_(None),
        )
        .limit(SHOWN_MAX)
    )
    return [f"letter {letter_id}: no archived document" for (letter_id,) in tx.execute(query)]


def _letters_without_their_days(tx: Connection) -> list[str]:
    """A letter was sent on a day through a channel, or it is not sent; one at a channel has the day it was given."""
    query = (
        select(LETTER.c.letter_id)
        .where(
            or_(
                and_(LETTER.c.state == LetterState.SENT, or_(LETTER.c.sent_on.is_(None), LETTER.c.channel.is_(None))),
                and_(LETTER.c.state != LetterState.SENT, LETTER.c.sent_on.is_not(None)),
                and_(LETTER.c.state == LetterState.SUBMITTING, LETTER.c.submitted_on.is_(None)),
                and_(LETTER.c.state == LetterState.FAILED, LETTER.c.failure.is_(None)),
            )
        )
        .limit(SHOWN_MAX)
    )
    return [f"letter {letter_id}: its state and its days disagree" for (letter_id,) in tx.execute(query)]


def _mailings_that_contradict_their_letters(tx: Connection) -> list[str]:
    """A mailing is sent exactly when every letter is; one that is live has a letter that has not ended."""
    open_letters = func.sum(case((LETTER.c.state.in_([*ENDED]), 0), else_=1))
    unsent = func.sum(case((LETTER.c.state == LetterState.SENT, 0), else_=1))
    query = (
        select(MAILING.c.mailing_id)
        .join(LETTER, LETTER.c.mailing_id == MAILING.c.mailing_id)
        .group_by(MAILING.c.mailing_id, MAILING.c.state)
        .having(
            or_(
                and_(MAILING.c.state == MailingState.SENT, unsent > 0),
                and_(MAILING.c.state.in_([*LIVE]), open_letters == 0),
            )
        )
        .limit(SHOWN_MAX)
    )
    return [f"mailing {mailing_id}: its state and its letters disagree" for (mailing_id,) in tx.execute(query)]


def _documents_without_bytes(tx: Connection) -> list[str]:
    """Every document's bytes are in the archive."""
    query = (
        select(DOCUMENT.c.document_id)
        .outerjoin(CONTENT, CONTENT.c.sha256 == DOCUMENT.c.sha256)
        .where(CONTENT.c.sha256.is_(None))
        .limit(SHOWN_MAX)
    )
    return [f"document {document_id}: its bytes are gone" for (document_id,) in tx.execute(query)]


def _packages_without_their_facts(tx: Connection) -> list[str]:
    """A package that was made has its manifest's hash, one with its body the day, one that failed the reason."""
    query = (
        select(PACKAGE.c.package_id)
        .where(
            or_(
                and_(PACKAGE.c.state == PackageState.ASSEMBLED, PACKAGE.c.sha256.is_(None)),
                and_(PACKAGE.c.state == PackageState.SUBMITTED, PACKAGE.c.submitted_on.is_(None)),
                and_(PACKAGE.c.state == PackageState.FAILED, PACKAGE.c.failure.is_(None)),
                and_(PACKAGE.c.state == PackageState.WITHDRAWN, PACKAGE.c.withdrawn_reason.is_(None)),
            )
        )
        .limit(SHOWN_MAX)
    )
    return [f"package {package_id}: its state and its facts disagree" for (package_id,) in tx.execute(query)]
