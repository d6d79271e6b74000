"""Requests (henvendelser) and the moves each kind can make: asked, decided once, and ended once.

Deferral (betalingsutsettelse), payment plan (nedbetalingsavtale) and its changes, objection (innsigelse), message and
«Jeg har betalt». A request is decided at once by the municipality's rule, or waits for a caseworker; whoever decides
it, it is decided once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from shared.errors import Conflict


class RequestKind(StrEnum):
    """What is asked for."""

    DEFERRAL = "deferral"
    PLAN = "plan"
    PLAN_CHANGE = "plan_change"
    OBJECTION = "objection"
    MESSAGE = "message"
    PAID_CLAIM = "paid_claim"


class RequestState(StrEnum):
    """Where a request stands. ``granted``: given (an objection: upheld, wholly or partly); a message: ``answered``."""

    PENDING = "pending"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    KEPT = "kept"
    BROKEN = "broken"
    ANSWERED = "answered"


class Move(StrEnum):
    """What moves a request on."""

    GRANT = "grant"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    KEEP = "keep"
    BREAK = "break"
    ANSWER = "answer"
    COMPLAIN = "complain"


class Outcome(StrEnum):
    """A caseworker's decision (vedtak): medhold, delvis medhold, avslag."""

    GRANTED = "granted"
    PARTLY = "partly"
    REFUSED = "refused"


class Channel(StrEnum):
    """How it came to us."""

    PORTAL = "portal"
    POST = "post"
    PHONE = "phone"
    VISIT = "visit"
    EMAIL = "email"


class Ground(StrEnum):
    """Why a request is not granted at once (stable codes that the queue shows)."""

    LONGER_THAN_ALLOWED = "longer_than_allowed"
    DEFERRED_BEFORE = "deferred_before"
    LEGAL_STEP = "legal_step"
    LIMITATION_NEAR = "limitation_near"
    TOO_MANY_INSTALMENTS = "too_many_instalments"
    INSTALMENT_TOO_SMALL = "instalment_too_small"
    TOTAL_TOO_HIGH = "total_too_high"
    FIRST_DUE_TOO_LATE = "first_due_too_late"
    BROKEN_PLAN_BEFORE = "broken_plan_before"
    INSTALMENT_MISSED = "instalment_missed"
    CHANGED_BEFORE = "changed_before"


_TIME = {RequestKind.DEFERRAL, RequestKind.PLAN, RequestKind.PLAN_CHANGE, RequestKind.OBJECTION}
_PLAN = {RequestKind.PLAN}
_MESSAGE = {RequestKind.MESSAGE}
_OBJECTION = frozenset({RequestKind.OBJECTION})

_MOVES: Mapping[tuple[RequestState, Move], tuple[frozenset[RequestKind], RequestState]] = {
    (RequestState.PENDING, Move.GRANT): (frozenset(_TIME), RequestState.GRANTED),
    (RequestState.PENDING, Move.REFUSE): (frozenset(_TIME), RequestState.REFUSED),
    (RequestState.PENDING, Move.WITHDRAW): (frozenset(_TIME), RequestState.WITHDRAWN),
    (RequestState.PENDING, Move.ANSWER): (frozenset(_MESSAGE), RequestState.ANSWERED),
    (RequestState.GRANTED, Move.KEEP): (frozenset(_PLAN), RequestState.KEPT),
    (RequestState.GRANTED, Move.BREAK): (frozenset(_PLAN), RequestState.BROKEN),
    (RequestState.GRANTED, Move.WITHDRAW): (frozenset(_PLAN), RequestState.WITHDRAWN),
    # A debtor may give an objection up after it was rejected: the ladder goes on instead of a legal step.
    (RequestState.REFUSED, Move.WITHDRAW): (_OBJECTION, RequestState.WITHDRAWN),
    # The unit's decision is complained of: the body above it decides anew, also what was upheld in part.
    (RequestState.REFUSED, Move.COMPLAIN): (_OBJECTION, RequestState.PENDING),
    (RequestState.GRANTED, Move.COMPLAIN): (_OBJECTION, RequestState.PENDING),
}


def after(kind: RequestKind, state: RequestState, move: Move) -> RequestState:
    """Return where a request stands after a move; raises Conflict when it has been decided or has no such move."""
    kinds, target = _MOVES.get((state, move), (frozenset(), state))
    if kind not in kinds:
        raise Conflict("request-decided", f"request: expected one that can still be {_PAST[move]}, got one {state}")
    return target


_PAST = {
    Move.GRANT: "granted",
    Move.REFUSE: "refused",
    Move.WITHDRAW: "withdrawn",
    Move.KEEP: "kept",
    Move.BREAK: "broken",
    Move.ANSWER: "answered",
    Move.COMPLAIN: "complained of",
}


def move_of(outcome: Outcome) -> Move:
    """Return the move a decision makes: partly is granted in part."""
    return Move.REFUSE if outcome is Outcome.REFUSED else Move.GRANT


ANSWER_DAYS = 14
"""Days within which a request is decided and a message answered; an objection has days of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Whose move is next (hvem sin tur), until when, and what happens then, in words people read."""

    owner: str
    until: date | None
    then: str


def turn_of(
    kind: RequestKind,
    state: RequestState,
    *,
    due_on: date | None,
    pay_by: date | None,
    until: date | None,
    hearer: str | None = None,
    complain_by: date | None = None,
) -> Turn:
    """Say whose turn it is.

    ``hearer`` is who hears an objection when it is not us: its unit or the complaint body, which no day binds.
    ``complain_by``: the last day to complain of the unit's answer.
    """
    if state is RequestState.PENDING:
        if hearer in COMPLAINT_BODIES:
            return Turn(owner=hearer, until=None, then=_COMPLAINED)
        return Turn(owner="unit" if hearer == "unit" else "caseworker", until=due_on, then=_PENDING[kind])
    if state is RequestState.GRANTED and kind in (RequestKind.PLAN, RequestKind.DEFERRAL, RequestKind.PAID_CLAIM):
        return Turn(owner="debtor", until=until, then=_GRANTED[kind])
    if pay_by is not None and kind is RequestKind.OBJECTION and state in (RequestState.REFUSED, RequestState.GRANTED):
        return Turn(owner="debtor", until=pay_by, then=_CONTESTED if complain_by is None else _MAY_COMPLAIN)
    if pay_by is not None and state in (RequestState.REFUSED, RequestState.BROKEN):
        return Turn(owner="debtor", until=pay_by, then=_GOES_ON)
    return Turn(owner="nobody", until=None, then="Ingenting mer skjer.")


COMPLAINT_BODIES = ("statsforvalter", "complaint_body")
"""Who may hear a complaint of a unit's answer, as the turn names them."""

_PENDING: Mapping[RequestKind, str] = {
    RequestKind.DEFERRAL: "Søknaden avgjøres; innkrevingen står stille imens.",
    RequestKind.PLAN: "Søknaden avgjøres; innkrevingen står stille imens.",
    RequestKind.PLAN_CHANGE: "Endringen avgjøres; avtalen gjelder som før imens.",
    RequestKind.OBJECTION: "Innsigelsen avgjøres; det omtvistede står stille imens.",
    RequestKind.MESSAGE: "Henvendelsen besvares.",
    RequestKind.PAID_CLAIM: "Betalingen ventes fra banken.",
}
_GRANTED: Mapping[RequestKind, str] = {
    RequestKind.PLAN: "Neste avdrag betales.",
    RequestKind.DEFERRAL: "Betales ikke kravet, går innkrevingen videre.",
    RequestKind.PAID_CLAIM: "Kommer ikke betalingen, går innkrevingen videre.",
}
_GOES_ON = "Betales ikke kravet, går innkrevingen videre."
_CONTESTED = "Betales ikke kravet og trekkes ikke innsigelsen skriftlig, foreslås saken sendt til tvisteorganet."
_MAY_COMPLAIN = "Betales ikke kravet, klages det ikke og trekkes ikke innsigelsen skriftlig, går saken videre."
_COMPLAINED = "Klagen avgjøres av klageinstansen; det omtvistede står stille imens."


def answer_by(received_on: date) -> date:
    """Return the day a request or message should be answered by."""
    return received_on + timedelta(days=ANSWER_DAYS)


def check_received(received_on: date, today: date) -> str | None:
    """Return what is wrong with the day something was received, None when it can be right."""
    if received_on > today:
        return "expected today or earlier"
    if received_on < today - timedelta(days=RECEIVED_MAX_DAYS):
        return f"expected at most {RECEIVED_MAX_DAYS} days ago"
    return None


RECEIVED_MAX_DAYS = 365
"""How long ago something may have reached us before it is registered."""


def listed(grounds: Sequence[Ground]) -> list[str]:
    """Return grounds as stored: once each, in the order they were found."""
    return [ground.value for ground in dict.fromkeys(grounds)]
