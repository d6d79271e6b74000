"""Klage: the unit refused an objection to its decision (vedtak), and the debtor complains to the body above it.

The debtor has three weeks from the notice (forvaltningsloven § 29); what is disputed stands still until then, and until
the complaint body has decided a complaint that came in time (decisions B2).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from claims_api.domain.claim_types import ClaimType, ComplaintBody
from claims_api.domain.requests import Channel, Outcome
from shared.calendar import add_bank_days, deadline_after
from shared.errors import Conflict, FieldError, Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintRule:
    """The municipality's rule (configuration): days to complain, and to look a complaint up again.

    ``days`` count from the notice, ``follow_up_days`` from the complaint's receipt; one by post may come
    ``post_bank_days`` after the deadline.
    """

    days: int
    follow_up_days: int
    post_bank_days: int


def may_complain_to(kind: ClaimType, *, heard_by: str | None, outcome: Outcome) -> ComplaintBody | None:
    """Return to whom the debtor may complain of a decision, None when nobody: not the unit's, or wholly upheld."""
    return kind.complaint_body if heard_by == "unit" and outcome is not Outcome.GRANTED else None


def complain_by(decided_on: date, *, rule: ComplaintRule) -> date:
    """Return the last day to complain of a decision (klagefrist), moved to a working day."""
    return deadline_after(decided_on, rule.days)


def last_by_post(last: date, *, rule: ComplaintRule) -> date:
    """Return the last day on which a complaint by post still is in time."""
    return add_bank_days(last, rule.post_bank_days)


def check_in_time(last: date, decided_on: date, received_on: date, channel: Channel, *, rule: ComplaintRule) -> None:
    """Check the day a complaint came; raises Reject for one before the decision, Conflict for one that is late."""
    if received_on < decided_on:
        detail = f"expected {decided_on} or later, the day of the decision"
        raise Invalid(FieldError("received_on", "received-on", detail))
    if channel is Channel.POST:
        last = last_by_post(last, rule=rule)
    if received_on > last:
        raise Conflict("complaint-late", f"received_on: expected {last} or earlier, the last day to complain")


def check_stage(named: str | None, *, heard_by: str | None, complaint_body: str | None) -> None:
    """Check whose decision is recorded; raises Conflict when it is not their turn.

    The complaint body's must be named: the unit's, recorded once more by mistake, is not taken for it.
    """
    turn = complaint_body or heard_by
    if named != turn and (named is not None or complaint_body is not None):
        raise Conflict("wrong-stage", f"heard_by: expected {turn}, whose turn it is, got {named or 'null'}")


def still_disputed(disputed_ore: int | None, upheld_ore: int | None) -> int | None:
    """Return how much a complaint disputes, None for all that is left: what the unit upheld is settled."""
    return None if disputed_ore is None else disputed_ore - (upheld_ore or 0)
