"""The bodies of requests, decisions and messages."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictInt

from claims_api.api.schemas import Body, Day, DocumentId, Ore

Channel = Literal["portal", "post", "phone", "visit", "email"]
Ident = Annotated[str, Field(min_length=1, max_length=36)]
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
TEXT_MAX = 4_000


def _words(value: str) -> str:
    text = value.replace("\r\n", "\n").strip()
    if not text:
        raise ValueError("expected words, got only spaces")
    if _CONTROL.search(text):
        raise ValueError("expected text without control characters")
    return text


Words = Annotated[str, Field(min_length=1, max_length=TEXT_MAX), AfterValidator(_words)]


class AskIn(Body):
    """How a request came. A debtor asks through the portal, today, for themselves.

    A caseworker registers what came otherwise: on which day, and for whom (null: the case's own debtor).
    """

    channel: Channel | None = None
    received_on: Day | None = None
    debtor_ref: Ident | None = None
    documents: list[DocumentId] = Field(default_factory=list, max_length=20)


class DeferralIn(AskIn):
    """More time: ``until`` becomes the last day to pay (moved to a working day)."""

    until: Day


class PlanIn(AskIn):
    """A payment plan over this case and, if wished, more of the debtor's cases.

    ``acknowledges``: whoever asks has read that the plan is an acknowledgement of the debt and accepts it; false asks
    for a plan without one.
    """

    instalment_ore: Ore | None = None
    instalments: StrictInt | None = None
    first_due: Day
    case_ids: Annotated[list[Ident], Field(max_length=20)] | None = None
    acknowledges: bool = True


class PlanChangeIn(AskIn):
    """Other instalments for what is left, or a pause of some months; the plan keeps its KID."""

    instalment_ore: Ore | None = None
    instalments: StrictInt | None = None
    first_due: Day | None = None
    pause_months: StrictInt | None = None


class ObjectionIn(AskIn):
    """An objection to claims, or to a part of one (``disputed_ore``; null: all of it).

    ``ground`` says what it is about, ``about`` whether it is the decision behind the claim that is objected to.
    """

    claim_ids: Annotated[list[Ident], Field(min_length=1, max_length=200)]
    disputed_ore: Ore | None = None
    text: Words
    ground: Literal["not_mine", "wrong_amount", "already_paid", "service", "time_barred", "other"] | None = None
    about: Literal["payment", "decision"] = "payment"


class ComplaintIn(AskIn):
    """A complaint of the unit's decision on an objection, to the body above it (klage)."""

    text: Words


class DecisionIn(Body):
    """A caseworker's decision; ``reasons`` are what the letter tells.

    ``partly``: a deferral to another ``until``, a plan on other terms, or the ``upheld_ore`` of an objection.
    ``reasonable`` is about objections: it was reasonable to have it examined, so the fees fall.
    ``heard_by``: whose decision on an objection it is; a complaint body's must be named.
    """

    outcome: Literal["granted", "partly", "refused"]
    reasons: Words | None = None
    reasonable: bool = True
    until: Day | None = None
    instalment_ore: Ore | None = None
    instalments: StrictInt | None = None
    first_due: Day | None = None
    upheld_ore: Ore | None = None
    heard_by: Literal["collector", "unit", "statsforvalter", "complaint_body"] | None = None


class MessageIn(Body):
    """What someone wrote or said about a case; ``document`` is the id of one that was handed in."""

    channel: Channel | None = None
    received_on: Day | None = None
    debtor_ref: Ident | None = None
    text: Words
    document: DocumentId | None = None


class AnswerIn(Body):
    """The answer to a message, which goes out by letter."""

    text: Words
