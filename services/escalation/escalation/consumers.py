"""Which events escalation takes, and what each does to the ladder."""

from __future__ import annotations

from escalation.domain.policy import Book
from escalation.usecases import following, packages
from shared.events import REGISTRY, Payload
from shared.events.claims import (
    ClaimEnded,
    ClaimRegistered,
    ClaimReopened,
    DemandDeclined,
    DemandIssued,
    DemandReleased,
    DemandWithdrawn,
    HoldEnded,
    HoldPlaced,
    PriorNoticeCopied,
)
from shared.events.legal import PetitionDeclined
from shared.events.notifications import (
    LetterDispatched,
    LetterFailed,
    LetterSent,
    PackageAssembled,
    PackageFailed,
    PackageSubmitted,
)
from shared.events.requests import (
    ObjectionContested,
    ObjectionWithdrawn,
    PlanAgreed,
    PlanBroken,
    PlanChanged,
    PlanKept,
)
from shared.inbox import Handler


def handlers(book: Book) -> dict[type[Payload], Handler]:
    """Return the handlers of ``claims`` and ``notifications``; every event of a case tells how far its record is."""
    telling = {kind: following.hear for kind in REGISTRY.values() if kind.TOPIC == "claims"}
    return {**telling, **_moving(book)}


def _moving(book: Book) -> dict[type[Payload], Handler]:
    return {
        ClaimRegistered: following.registration(book),
        PriorNoticeCopied: following.handler(book, PriorNoticeCopied, following.prior_notice_copied),
        ClaimEnded: following.handler(book, ClaimEnded, following.claim_ended),
        ClaimReopened: following.handler(book, ClaimReopened, following.claim_reopened),
        HoldPlaced: following.handler(book, HoldPlaced, following.hold_placed),
        HoldEnded: following.handler(book, HoldEnded, following.hold_ended),
        DemandIssued: following.handler(book, DemandIssued, following.demand_issued),
        DemandDeclined: following.handler(book, DemandDeclined, following.demand_declined),
        DemandReleased: following.handler(book, DemandReleased, following.demand_released),
        DemandWithdrawn: following.handler(book, DemandWithdrawn, following.demand_withdrawn),
        ObjectionContested: following.handler(book, ObjectionContested, following.objection_contested),
        ObjectionWithdrawn: following.handler(book, ObjectionWithdrawn, following.objection_withdrawn),
        PetitionDeclined: following.handler(book, PetitionDeclined, following.petition_declined),
        PlanAgreed: following.handler(book, PlanAgreed, following.plan_agreed),
        PlanChanged: following.handler(book, PlanChanged, following.plan_agreed),
        PlanBroken: following.handler(book, PlanBroken, following.plan_over),
        PlanKept: following.handler(book, PlanKept, following.plan_over),
        LetterDispatched: following.handler(book, LetterDispatched, following.letter_dispatched),
        LetterSent: following.handler(book, LetterSent, following.letter_sent),
        LetterFailed: following.handler(book, LetterFailed, following.letter_failed),
        PackageAssembled: packages.handler(book, packages.assembled),
        PackageFailed: packages.handler(book, packages.failed),
        PackageSubmitted: packages.handler(book, packages.submitted),
    }
