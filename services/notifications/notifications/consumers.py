"""Which events notifications takes, and what each sets in motion."""

from __future__ import annotations

from notifications.usecases import packages, parties, plan
from shared.events import Payload
from shared.events.claims import DemandIssued, DemandReleased, DemandWithdrawn, FeeReversed
from shared.events.escalation import LegalStepDropped, LegalStepSubmitted
from shared.events.legal import PetitionDeclined, PetitionFrozen
from shared.events.requests import NoticeIssued
from shared.inbox import Handler, StateHandler


def handlers() -> dict[type[Payload], Handler]:
    """Return the handlers of ``claims`` and ``escalation``."""
    return {
        DemandIssued: plan.plan_demands,
        DemandReleased: plan.release,
        DemandWithdrawn: plan.withdraw,
        FeeReversed: plan.plan_fee_notices,
        NoticeIssued: plan.plan_notices,
        PetitionFrozen: packages.plan_packages,
        PetitionDeclined: packages.drop,
        LegalStepDropped: packages.drop,
        LegalStepSubmitted: packages.note_submitted,
    }


def states() -> dict[str, StateHandler]:
    """Return the handler of the compacted topic ``parties``."""
    return {"parties": parties.keep_parties}
