"""What claims-api asks for: letters planned, released, withdrawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from notifications.domain.letters import LetterKind
from notifications.domain.states import LIVE, LetterState, MailingState
from notifications.store import mailings as store
from notifications.store import texts
from notifications.store.mailings import Mailing
from notifications.usecases.facts import notice_amount, printed_deadline
from shared.errors import Park
from shared.events import Event, Payload
from shared.events.claims import DemandIssued, DemandReleased, DemandWithdrawn, FeeReversed
from shared.events.requests import NoticeIssued
from shared.uow import Uow

P = TypeVar("P", bound=Payload)


def plan_demands(uow: Uow, events: Sequence[Event]) -> None:
    """Plan the letters of issued demands: one to each recipient, rendered when its party version is here."""
    mailings, letters = [], []
    for event in events:
        demand = _payload(event, DemandIssued)
        if not demand.recipients:
            raise Park("no_recipients", f"demand {demand.demand_id} names nobody to write to")
        mailings.append(
            _mailing(uow, demand.demand_id, demand.case_id, demand.kind, is_demand=True)
            | {"facts": demand.model_dump(mode="json"), "dated": demand.planned_dispatch}
        )
        for ordinal, recipient in enumerate(demand.recipients):
            letters.append(
                _letter(uow, demand.demand_id, demand.case_id, demand.kind, recipient.model_dump(), ordinal)
                | {
                    "case_number": demand.case_number,
                    "unit": demand.creditor.unit,
                    "dated": demand.planned_dispatch,
                    "deadline": demand.deadline,
                    "amount_ore": demand.total_ore,
                }
            )
    store.add(uow.tx, mailings, letters)


def plan_fee_notices(uow: Uow, events: Sequence[Event]) -> None:
    """Plan the letters that tell of reversed fees; they need no release, since they demand nothing."""
    _plan_notices(
        uow,
        [
            _Notice(
                notice_id=notice.notice_id,
                kind=LetterKind.FEE_REVERSED.value,
                dated=notice.reversed_on,
                deadline=None,
                amount_ore=notice.amount_ore,
                event=notice,
            )
            for notice in (_payload(event, FeeReversed) for event in events)
        ],
    )


def plan_notices(uow: Uow, events: Sequence[Event]) -> None:
    """Plan the letters that confirm or answer (notice.issued); like those about fees they need no release.

    They wait for the recipient's version, and for the texts that they print.
    """
    notices = [_payload(event, NoticeIssued) for event in events]
    _plan_notices(
        uow,
        [
            _Notice(
                notice_id=notice.notice_id,
                kind=notice.kind,
                dated=notice.issued_on,
                deadline=printed_deadline(notice),
                amount_ore=notice_amount(notice),
                event=notice,
            )
            for notice in notices
        ],
    )
    texts.add_to_mailings(uow.tx, {one.notice_id: one.text_ids for one in notices if one.recipients})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Notice:
    """A letter without a release, about to be planned for each recipient of its event."""

    notice_id: str
    kind: str
    dated: date
    deadline: date | None
    amount_ore: int
    event: FeeReversed | NoticeIssued


def _plan_notices(uow: Uow, notices: Sequence[_Notice]) -> None:
    mailings, letters = [], []
    for notice in notices:
        event = notice.event
        if not event.recipients:
            continue  # everyone it concerns has been erased: there is nobody to tell
        mailings.append(
            _mailing(uow, notice.notice_id, event.case_id, notice.kind, is_demand=False)
            | {"facts": event.model_dump(mode="json"), "dated": notice.dated}
        )
        for ordinal, recipient in enumerate(event.recipients):
            letters.append(
                _letter(uow, notice.notice_id, event.case_id, notice.kind, recipient.model_dump(), ordinal)
                | {
                    "case_number": event.case_number,
                    "unit": event.creditor.unit,
                    "dated": notice.dated,
                    "deadline": notice.deadline,
                    "amount_ore": notice.amount_ore,
                }
            )
    store.add(uow.tx, mailings, letters)


def release(uow: Uow, events: Sequence[Event]) -> None:
    """Let rendered demands go, until the day the release names; one that is no longer waiting stays as it is."""
    released = {p.demand_id: p for p in (_payload(event, DemandReleased) for event in events)}
    found = _known(uow, released)
    waiting = [demand_id for demand_id, mailing in found.items() if mailing.state is MailingState.READY]
    for demand_id in waiting:
        store.set_mailings(uow.tx, [demand_id], state=MailingState.RELEASED.value, until=released[demand_id].until)
    store.move_held_back(uow.tx, waiting, LetterState.RELEASED)


def withdraw(uow: Uow, events: Sequence[Event]) -> None:
    """Keep back every letter of these demands that no channel has been asked about.

    A letter that a channel may already have is asked for by the dispatch job; one that was sent stays sent, and its
    demand is marked: the debtor is told by the letter about the reversed fee.
    """
    withdrawn = {p.demand_id: p for p in (_payload(event, DemandWithdrawn) for event in events)}
    found = _known(uow, withdrawn)
    for demand_id, mailing in found.items():
        event = withdrawn[demand_id]
        changes: dict[str, Any] = {"withdrawn_reason": event.reason, "withdrawn_after_dispatch": event.after_dispatch}
        if mailing.state in LIVE:
            changes |= {"state": MailingState.WITHDRAWN.value, "ended_at": uow.now}
        store.set_mailings(uow.tx, [demand_id], **changes)
    store.move_held_back(uow.tx, found, LetterState.WITHDRAWN, ended_at=uow.now)


def _known(uow: Uow, wanted: Mapping[str, DemandReleased | DemandWithdrawn]) -> dict[str, Mailing]:
    found = store.lock(uow.tx, wanted)
    if missing := set(wanted) - set(found):
        raise Park("unknown_demand", f"demand {sorted(missing)[0]} was never issued to this service")
    return found


def _mailing(uow: Uow, mailing_id: str, case_id: str, kind: str, *, is_demand: bool) -> dict[str, Any]:
    return {
        "mailing_id": mailing_id,
        "case_id": case_id,
        "kind": kind,
        "is_demand": is_demand,
        "state": MailingState.PLANNED.value,
        "withdrawn_after_dispatch": False,
        "created_at": uow.now,
    }


def _letter(
    uow: Uow, mailing_id: str, case_id: str, kind: str, recipient: Mapping[str, Any], ordinal: int
) -> dict[str, Any]:
    return {
        "letter_id": recipient["letter_id"],
        "mailing_id": mailing_id,
        "case_id": case_id,
        "kind": kind,
        "debtor_ref": recipient["debtor_ref"],
        "party_version": recipient["party_version"],
        "ordinal": ordinal,
        "state": LetterState.PLANNED.value,
        "attempts": 0,
        "receipts": [],
        "created_at": uow.now,
    }


def _payload(event: Event, kind: type[P]) -> P:
    if not isinstance(event.payload, kind):
        raise TypeError(f"expected {kind.__name__}, got {type(event.payload).__name__}")
    return event.payload
