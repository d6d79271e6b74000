"""Which events escalation takes, and what each does to the ladder."""

from __future__ import annotations

from collections.abc import Mapping

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

MOVES: Mapping[type[Payload], following.Apply] = {
    PriorNoticeCopied: following.prior_notice_copied,
    ClaimEnded: following.claim_ended,
    ClaimReopened: following.claim_reopened,
    HoldPlaced: following.hold_placed,
    HoldEnded: following.hold_ended,
    DemandIssued: following.demand_issued,
    DemandDeclined: following.demand_declined,
    DemandReleased: following.demand_released,
    DemandWithdrawn: following.demand_withdrawn,
    ObjectionContested: following.objection_contested,
    ObjectionWithdrawn: following.objection_withdrawn,
    PetitionDeclined: following.petition_declined,
    PlanAgreed: following.plan_agreed,
    PlanChanged: following.plan_agreed,
    PlanBroken: following.plan_over,
    PlanKept: following.plan_over,
    LetterDispatched: following.letter_dispatched,
    LetterSent: following.letter_sent,
    LetterFailed: following.letter_failed,
}
"""What the events do that move claims of a known case."""


def handlers(book: Book) -> dict[type[Payload], Handler]:
    """Return the handlers of ``claims`` and ``notifications``; every event of a case tells how far its record is."""
    told = (kind for kind in REGISTRY.values() if kind.TOPIC == "claims")
    return {
        **dict.fromkeys((*told, *MOVES), following.follower(book, MOVES)),
        ClaimRegistered: following.registration(book),
        PackageAssembled: packages.handler(book, packages.assembled),
        PackageFailed: packages.handler(book, packages.failed),
        PackageSubmitted: packages.handler(book, packages.submitted),
    }
