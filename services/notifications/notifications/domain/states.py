"""The states a letter and its mailing go through, and which way is open from each."""

from __future__ import annotations

from enum import StrEnum


class LetterState(StrEnum):
    """Where one recipient's letter (brev) is.

    ``submitting`` is written before a channel is asked, so that after a crash the question "did it go out?" is put to
    the channel and never answered by sending again. ``dispatched``: the channel took it; ``sent``: it counts as sent.
    """

    PLANNED = "planned"
    RENDERED = "rendered"
    RELEASED = "released"
    SUBMITTING = "submitting"
    DISPATCHED = "dispatched"
    SENT = "sent"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


class MailingState(StrEnum):
    """Where a mailing (forsendelse) is: the letters of one demand or notice, one to each recipient.

    ``ready``: all rendered, claims-api takes its last look. ``released``: they may go, until a day.
    """

    PLANNED = "planned"
    READY = "ready"
    RELEASED = "released"
    SENT = "sent"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


class PackageState(StrEnum):
    """Where a legal package (begjæring eller klage med bilag) is.

    ``assembled``: made, and ready for a person to hand in. ``submitted``: its body has it.
    """

    PLANNED = "planned"
    ASSEMBLED = "assembled"
    SUBMITTED = "submitted"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


ENDED: frozenset[LetterState] = frozenset({LetterState.SENT, LetterState.WITHDRAWN, LetterState.FAILED})
"""States a letter never leaves."""

HELD_BACK: frozenset[LetterState] = frozenset({LetterState.PLANNED, LetterState.RENDERED, LetterState.RELEASED})
"""States in which no channel has been asked: the letter can still be kept in."""

LIVE: frozenset[MailingState] = frozenset({MailingState.PLANNED, MailingState.READY, MailingState.RELEASED})
"""States in which a mailing's letters may still go out."""

NEXT: dict[LetterState, frozenset[LetterState]] = {
    LetterState.PLANNED: frozenset({LetterState.RENDERED, LetterState.WITHDRAWN, LetterState.FAILED}),
    LetterState.RENDERED: frozenset({LetterState.RELEASED, LetterState.WITHDRAWN, LetterState.FAILED}),
    # Back to rendered: the day it was released for has passed, and claims-api is asked again.
    LetterState.RELEASED: frozenset(
        {LetterState.SUBMITTING, LetterState.RENDERED, LetterState.WITHDRAWN, LetterState.FAILED}
    ),
    # Back to released: the channel says that it never got the letter.
    LetterState.SUBMITTING: frozenset(
        {
            LetterState.DISPATCHED,
            LetterState.SENT,
            LetterState.RELEASED,
            LetterState.WITHDRAWN,
            LetterState.FAILED,
        }
    ),
    LetterState.DISPATCHED: frozenset({LetterState.SENT, LetterState.FAILED}),
    LetterState.SENT: frozenset(),
    LetterState.WITHDRAWN: frozenset(),
    LetterState.FAILED: frozenset(),
}
"""Which states may follow each."""


def sources(target: LetterState) -> tuple[LetterState, ...]:
    """Return the states from which ``target`` may be reached: the guard of every update to it."""
    return tuple(state for state, following in NEXT.items() if target in following)


def retry_delay_s(attempts: int) -> int:
    """Return how many seconds to wait before a channel is asked again: 1, 2, 4 … at most five minutes."""
    return min(300, 1 << min(max(attempts - 1, 0), 9))
