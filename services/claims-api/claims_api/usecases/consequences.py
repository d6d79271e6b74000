"""What a booking means for others: claims end or are owed again, letters lose their ground, money is to go back.

Everything is read off the difference between what a case's rows said before and what its ledger comes to now, so that
seeing the same thing twice tells nothing twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from claims_api.deps import Deps
from claims_api.domain.accrual import balance_with
from claims_api.domain.ledger import (
    Account,
    Balance,
    EntryKind,
    Transfer,
    account_sum,
    known,
    posted_balances,
    standing,
)
from claims_api.domain.posting import Booked
from claims_api.domain.running import Ended
from claims_api.store import cases, demands, ledger, payments
from claims_api.store.cases import Case, TimelineEntry
from claims_api.store.claims import Claim
from claims_api.store.demands import Demand
from claims_api.store.ledger import ClaimNumbers
from claims_api.store.payments import Refund
from claims_api.usecases.casebook import CaseBook
from claims_api.usecases.letter_facts import creditor_facts, recipients_of
from shared.events import Event
from shared.events.claims import (
    ClaimBalanceChanged,
    ClaimEnded,
    ClaimReopened,
    DemandWithdrawn,
    FeeReversed,
    RefundProposed,
)
from shared.money import kroner
from shared.uow import Uow

CLOSED_BY_HAND = frozenset({"withdrawn", "written_off", "time_barred"})
"""Statuses that a decision gives, not the ledger."""

SYSTEM = "system"
JUST_AFTER = timedelta(microseconds=1)
"""How long after what caused it a consequence stands in the timeline, so that it is told in that order."""

_NOTHING = Balance()
_ENDED = {
    "settled": "Kravet er betalt",
    "paid_as_demanded": "Kravet er betalt innen fristen; renter etter brevets dato er ettergitt",
    "small_rest": "Resten av kravet er så liten at den er avskrevet",
}


@dataclass(slots=True)
class _Told:
    """What is written at the end, for all cases at once."""

    numbers: list[ClaimNumbers] = field(default_factory=list)
    timeline: list[TimelineEntry] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)


def tell_what_changed(
    uow: Uow,
    deps: Deps,
    books: Mapping[str, CaseBook],
    booked: Mapping[str, Booked],
    causes: Mapping[str, Event | None],
    *,
    held: Mapping[str, Case] | None = None,
    lines: Sequence[TimelineEntry] = (),
) -> None:
    """Bring claims, cases and demands in line with what was booked, and publish what others must know.

    ``held`` are the cases when they were locked by ``hold_cases``: that they moved on is stored here, with where they
    stand. ``lines`` are what the timeline tells of the cause itself.
    """
    told = _Told(timeline=[*lines])
    for case_id, book in books.items():
        cause = causes.get(case_id)
        entries = [*book.entries, *booked[case_id].transfers]
        posted = posted_balances(entries)
        moved = _moved(book, posted, booked[case_id])
        if moved or booked[case_id].transfers or _ends_differ(book, booked[case_id]):
            _tell_claims(uow, book, entries, posted, booked[case_id], moved, cause, told)
        _tell_void_letters(uow, book, booked[case_id], cause, told)
        _tell_lost_fees(uow, book, entries, booked[case_id], cause)
        _propose_refund(uow, book, entries, cause)
    ledger.keep_numbers(uow.tx, told.numbers)
    if held is None:
        cases.set_states(uow.tx, told.closed, cases.CLOSED, uow.today)
        cases.set_states(uow.tx, told.opened, cases.OPEN)
    else:
        cases.keep_held(uow, held, closed=told.closed, opened=told.opened)
    cases.add_timeline(uow.tx, told.timeline)


def _moved(book: CaseBook, posted: Mapping[str, Balance], booked: Booked) -> set[str]:
    """Return the claims of which more moved than interest, by what was booked now or just before (a correction)."""
    moved = {row.claim_id for row in booked.transfers if row.claim_id and row.kind is not EntryKind.INTEREST}
    for claim in book.claims:
        now = posted.get(claim.claim_id, _NOTHING)
        kept = (claim.principal_left_ore, claim.fees_left_ore, claim.costs_left_ore)
        if kept != (now.principal_ore, now.fees_ore, now.legal_costs_ore):
            moved.add(claim.claim_id)
    return moved


def _ends_differ(book: CaseBook, booked: Booked) -> bool:
    return {claim.claim_id for claim in book.claims if claim.ended_on} != set(booked.outcome.ended)


def _tell_claims(
    uow: Uow,
    book: CaseBook,
    entries: Sequence[Transfer],
    posted: Mapping[str, Balance],
    booked: Booked,
    moved: Collection[str],
    cause: Event | None,
    told: _Told,
) -> None:
    """Keep the numbers of the claims, and tell what is left of those that moved, who ended and who is owed again."""
    statuses: dict[str, str] = {}
    today = known(entries, as_of=uow.today, known_at=None)
    now = posted if len(today) == len(entries) else posted_balances(today)
    for claim in book.claims:
        ended = booked.outcome.ended.get(claim.claim_id)
        statuses[claim.claim_id] = _status(book, claim, ended)
        kept = posted.get(claim.claim_id, _NOTHING)
        told.numbers.append(_numbers(claim, kept, ended, statuses[claim.claim_id]))
        if claim.claim_id in moved:
            ran = booked.outcome.ran[claim.claim_id](uow.today)
            left = balance_with(now.get(claim.claim_id, _NOTHING), today, claim.claim_id, ran).balance
            payload = ClaimBalanceChanged(
                case_id=claim.case_id,
                claim_id=claim.claim_id,
                principal_left_ore=left.principal_ore,
                total_left_ore=left.total_ore,
            )
            uow.emit(payload, key=claim.case_id, cause=cause)
        _tell_end(uow, book, claim, ended, cause, told)
    _open_or_close(book, statuses, told)


def _status(book: CaseBook, claim: Claim, ended: Ended | None) -> str:
    if claim.status in CLOSED_BY_HAND:
        return claim.status
    if ended is not None:
        return "settled"
    if claim.status == "settled":
        return "legal" if book.case.state == "legal" else "accepted"
    return claim.status


def _numbers(claim: Claim, posted: Balance, ended: Ended | None, status: str) -> ClaimNumbers:
    by_hand = status in CLOSED_BY_HAND
    return ClaimNumbers(
        claim_id=claim.claim_id,
        status=status,
        posted=posted,
        ended_on=claim.ended_on if by_hand else ended.on if ended else None,
        end_reason=claim.end_reason if by_hand else ended.reason.value if ended else None,
    )


def _tell_end(uow: Uow, book: CaseBook, claim: Claim, ended: Ended | None, cause: Event | None, told: _Told) -> None:
    if claim.status in CLOSED_BY_HAND or (claim.ended_on is None) == (ended is None):
        return
    if ended is None:
        payload = ClaimReopened(case_id=claim.case_id, claim_id=claim.claim_id, reopened_on=uow.today)
        uow.emit(payload, key=claim.case_id, cause=cause)
        told.timeline.append(_entry(uow, book, claim, cause, "claim.reopened", "Kravet er ikke lenger betalt"))
        return
    reason = ended.reason.value
    uow.emit(
        ClaimEnded(case_id=claim.case_id, claim_id=claim.claim_id, ended_on=ended.on, reason=reason),
        key=claim.case_id,
        cause=cause,
    )
    told.timeline.append(_entry(uow, book, claim, cause, "claim.ended", _ENDED[reason]))


def _open_or_close(book: CaseBook, statuses: Mapping[str, str], told: _Told) -> None:
    over = all(status in CLOSED_BY_HAND or status == "settled" for status in statuses.values())
    if over and book.case.state == cases.OPEN:
        told.closed.append(book.case.case_id)
    elif not over and book.case.state == cases.CLOSED:
        told.opened.append(book.case.case_id)


def _tell_void_letters(uow: Uow, book: CaseBook, booked: Booked, cause: Event | None, told: _Told) -> None:
    """A letter that was sent without ground is taken back, and whoever got it is told that its fee is gone."""
    for demand in book.demands:
        if demand.void or demand.demand_id not in booked.outcome.void_demands:
            continue
        demands.change_demand(uow.tx, demand.demand_id, void=True, ended_on=uow.today, reason="no_ground")
        uow.emit(
            DemandWithdrawn(
                demand_id=demand.demand_id,
                step_id=demand.step_id,
                case_id=demand.case_id,
                claim_ids=list(demand.claim_ids),
                reason="no_ground",
                retry_on=None,
                after_dispatch=True,
            ),
            key=demand.case_id,
            cause=cause,
        )
        reverse_fee(uow, book, demand, "no_ground", cause)
        summary = "Brevet var uten grunnlag da det ble sendt, og er trukket tilbake"
        told.timeline.append(_case_entry(uow, book, demand, cause, summary))


def _tell_lost_fees(uow: Uow, book: CaseBook, entries: Sequence[Transfer], booked: Booked, cause: Event | None) -> None:
    """A fee that lies on no claim any more, though its letter stands, lost its ground: whoever got it is told."""
    if not book.demands:
        return
    before, after = _fees(book.entries), _fees(entries)
    for demand in book.demands:
        gone = demand.demand_id in before and demand.demand_id not in after
        if gone and demand.demand_id not in booked.outcome.void_demands:
            reverse_fee(uow, book, demand, "ground_lost", cause)


def _fees(entries: Sequence[Transfer]) -> set[str | None]:
    return {row.about for row in standing(row for row in entries if row.kind is EntryKind.FEE)}


def reverse_fee(uow: Uow, book: CaseBook, demand: Demand, reason: str, cause: Event | None) -> None:
    """Publish that a letter's fee was taken back; nothing when it carried none."""
    if demand.fee_ore <= 0:
        return
    notice_id = uow.new_id(f"fee-notice:{demand.demand_id}", cause=cause)
    uow.emit(
        FeeReversed(
            case_id=demand.case_id,
            case_number=book.case.case_number,
            notice_id=notice_id,
            demand_id=demand.demand_id,
            claim_ids=list(demand.claim_ids),
            amount_ore=demand.fee_ore,
            reversed_on=uow.today,
            reason=reason,
            creditor=creditor_facts(uow.tx, book.case.unit),
            recipients=recipients_of(uow.tx, notice_id, [one["debtor_ref"] for one in demand.frozen["recipients"]]),
        ),
        key=demand.case_id,
        cause=cause,
    )


def _propose_refund(uow: Uow, book: CaseBook, entries: Sequence[Transfer], cause: Event | None) -> None:
    """Ask for what the case has too much to go back, less what was asked for before and is still open."""
    over = account_sum(entries, Account.OVERPAID, book.case.case_id)
    if over <= 0:
        return
    asked = payments.refunds_of_cases(uow.tx, [book.case.case_id]).get(book.case.case_id, [])
    more = over - sum(one.amount_ore for one in asked if one.state in ("proposed", "refused", "rejected"))
    if more <= 0:
        return
    latest = [row.about for row in entries if row.kind is EntryKind.PAYMENT and row.credit is Account.OVERPAID]
    refund_id = uow.new_id(f"refund:{book.case.case_id}", cause=cause)
    refund = Refund(
        refund_id=refund_id,
        case_id=book.case.case_id,
        payment_id=latest[-1] if latest else None,
        source="overpaid",
        amount_ore=more,
        state="proposed",
        proposed_on=uow.today,
    )
    payments.put_refund(uow.tx, refund)
    uow.emit(
        RefundProposed(
            refund_id=refund_id,
            case_id=book.case.case_id,
            payment_id=refund.payment_id,
            amount_ore=more,
            proposed_on=uow.today,
        ),
        key=book.case.case_id,
        cause=cause,
    )


def _entry(uow: Uow, book: CaseBook, claim: Claim, cause: Event | None, kind: str, text: str) -> TimelineEntry:
    return TimelineEntry(
        entry_id=uow.new_id(f"timeline:{kind}:{claim.claim_id}", cause=cause),
        case_id=claim.case_id,
        claim_id=claim.claim_id,
        at=book.case.last_recorded_at + JUST_AFTER,
        type=kind,
        summary=f"{text} (faktura {claim.invoice_number})",
        actor=SYSTEM,
        facts={"claim_id": claim.claim_id},
    )


def _case_entry(uow: Uow, book: CaseBook, demand: Demand, cause: Event | None, text: str) -> TimelineEntry:
    facts = {"demand_id": demand.demand_id, "fee": kroner(demand.fee_ore)}
    return TimelineEntry(
        entry_id=uow.new_id(f"timeline:void:{demand.demand_id}", cause=cause),
        case_id=demand.case_id,
        at=book.case.last_recorded_at + JUST_AFTER,
        type="demand.withdrawn",
        summary=text,
        actor=SYSTEM,
        facts=facts,
    )
