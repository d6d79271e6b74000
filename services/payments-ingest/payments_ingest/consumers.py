"""What payments-ingest makes of others' events: projections for matching, answers about payouts, erased debtors."""

from __future__ import annotations

from payments_ingest.deps import Deps
from payments_ingest.usecases import projections, refunds
from shared.events import Payload
from shared.events.claims import (
    ClaimBalanceChanged,
    ClaimEnded,
    ClaimRegistered,
    ClaimReopened,
    DemandIssued,
    PayoutRefused,
    PayoutReserved,
    RefundProposed,
)
from shared.events.legal import PetitionFrozen
from shared.events.requests import PlanAgreed, PlanChanged
from shared.inbox import Folding, Handler, StateHandler


def handlers(deps: Deps) -> dict[type[Payload], Handler]:
    """Return the handler of each event this service reads."""
    return {
        ClaimRegistered: lambda uow, events: projections.register(uow, deps, events),
        DemandIssued: lambda uow, events: projections.note_demands(uow, deps, events),
        PlanAgreed: lambda uow, events: projections.note_plans(uow, deps, events),
        PlanChanged: lambda uow, events: projections.note_plans(uow, deps, events),
        PetitionFrozen: lambda uow, events: projections.note_petitions(uow, deps, events),
        **dict.fromkeys((ClaimBalanceChanged, ClaimEnded, ClaimReopened), Folding(projections.note_claims)),
        RefundProposed: refunds.propose_overpaid,
        PayoutReserved: refunds.reserved,
        PayoutRefused: refunds.refused,
    }


def states(deps: Deps) -> dict[str, StateHandler]:
    """Return the handler of each state topic this service reads."""
    return {"parties": lambda uow, records: projections.take_parties(uow, deps, records)}
