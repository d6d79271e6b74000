"""From what a case comes to, to what the ledger must still record (bokføring).

What follows from the facts is worked out anew each time; here it is compared with what is recorded, and only the
difference is written: a decision that no longer holds is reversed, a new one is posted. Nothing changes when a fact is
seen twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime

from claims_api.domain.allocation import DEDUCTION, REFERENCES, VOLUNTARY, Part
from claims_api.domain.facts import CaseFacts, Payment, SentDemand
from claims_api.domain.interest import Interest
from claims_api.domain.ledger import Account, Draft, EntryKind, Transfer, record, reversal, share_of, standing
from claims_api.domain.outcome import Group, Outcome, PlacedFee
from claims_api.domain.rules import MoneyRules
from claims_api.domain.settlement import settle
from shared.law import Trace
from shared.values import value

DERIVED_KINDS = frozenset(
    {
        EntryKind.FEE,
        EntryKind.PAYMENT,
        EntryKind.PAYMENT_REVERSED,
        EntryKind.SET_OFF,
        EntryKind.RELEASED,
        EntryKind.CANCELLED,
        EntryKind.WAIVED,
        EntryKind.WRITTEN_OFF,
    }
)
"""Kinds that follow from facts; interest follows too, but is posted as differences."""

_RULES = {
    EntryKind.PAYMENT: ("allocation", ""),
    EntryKind.PAYMENT_REVERSED: ("payment.reversed", "tilbakeført av banken"),
    EntryKind.SET_OFF: ("allocation.set_off", "motregning innen saken"),
    EntryKind.RELEASED: ("allocation.released", "motregning innen saken"),
    EntryKind.CANCELLED: ("claim.cancelled", "kreditors beslutning om å frafalle kravet"),
    EntryKind.WAIVED: ("demand.paid_as_demanded", "inkassoloven §§ 8, 10"),
    EntryKind.WRITTEN_OFF: ("case.small_rest", "god inkassoskikk, inkassoloven § 8"),
}

DECIDED = ("claim.written_off", "kreditors beslutning om avskriving; kravet består")
"""Rule and reference of what a person wrote off, and of money that came on it later."""


@value
class CaseFrame:
    """Whose case it is: the postings' case and unit."""

    case_id: str
    unit: str


def payment_in(*, payment_id: str, account: str, amount_ore: int, day: date) -> Draft:
    """Return the bank's row for a credit: bank to suspense, on the bank's day. One per payment, whoever names it."""
    why = Trace(
        rule="bank.credit", reference="bokføringsloven § 10", inputs={"account": account, "day": day.isoformat()}
    )
    return Draft(
        kind=EntryKind.PAID_IN,
        debit=Account.BANK,
        debit_owner=account,
        credit=Account.SUSPENSE,
        credit_owner=payment_id,
        amount_ore=amount_ore,
        value_date=day,
        unit=None,
        case_id=None,
        claim_id=None,
        about=payment_id,
        trace=why,
    )


def payment_taken_back(*, reversal_id: str, payment_id: str | None, account: str, amount_ore: int, day: date) -> Draft:
    """Return the bank's row for a credit it took back: suspense to bank. One per reversal."""
    why = Trace(
        rule="bank.reversal", reference="bokføringsloven § 10", inputs={"account": account, "day": day.isoformat()}
    )
    return Draft(
        kind=EntryKind.TAKEN_BACK,
        debit=Account.SUSPENSE,
        debit_owner=payment_id or reversal_id,
        credit=Account.BANK,
        credit_owner=account,
        amount_ore=amount_ore,
        value_date=day,
        unit=None,
        case_id=None,
        claim_id=None,
        about=reversal_id,
        trace=why,
    )


@value
class Booked:
    """What bringing a case up to date recorded, and what the case comes to now."""

    transfers: tuple[Transfer, ...]
    outcome: Outcome


def bring_up_to_date(
    frame: CaseFrame,
    entries: Sequence[Transfer],
    facts: CaseFacts,
    *,
    rules: MoneyRules,
    source_event: str,
    recorded_at: datetime,
    interest_to: Mapping[str, Iterable[date]] | None = None,
) -> Booked:
    """Return the transfers that make a case's ledger show what its facts come to; none when it does already.

    ``entries`` are all transfers of the case; ``interest_to`` names further days on which a claim's interest must be
    posted (a demand issued, a claim ended). The transfers are numbered from 0.
    """
    outcome = settle(facts, rules=rules)
    book = list(entries)

    def add(drafts: Sequence[Draft]) -> None:
        if drafts:
            ordinal = len(book) - len(entries)
            book.extend(record(drafts, source_event=source_event, recorded_at=recorded_at, first_ordinal=ordinal))

    add(_void_fees(frame, book, facts.demands, outcome))
    # No posting of the settlement is one of interest.
    posted = _interest_by_day(book)
    drafts = postings(frame, book, outcome)
    for claim in facts.claims:
        name = claim.claim_id
        days = {*outcome.interest_days[name], *(interest_to or {}).get(name, ())}
        drafts += interest_postings(frame, name, outcome.ran[name], days, posted.get(name, {}), rules=rules)
    add(drafts)
    return Booked(transfers=tuple(book[len(entries) :]), outcome=outcome)


def postings(frame: CaseFrame, entries: Sequence[Transfer], outcome: Outcome) -> list[Draft]:
    """Return what must be recorded so that the ledger shows ``outcome``: reversals first, then new postings.

    ``entries`` are all transfers of the case. Interest is apart: see ``interest_postings``.
    """
    wanted = _wanted(frame, outcome)
    present = _present(entries)
    drafts: list[Draft] = []
    for key in present.keys() - wanted.keys():
        drafts.extend(reversal(row, _no_longer(row)) for row in present[key])
    fresh: list[Draft] = []
    for key, rows in wanted.items():
        there = present.get(key)
        if there is not None:
            if Counter(row.shape for row in there) == Counter(row.shape for row in rows):
                continue
            drafts.extend(reversal(row, _no_longer(row)) for row in there)
        fresh.extend(rows)
    drafts.sort(key=lambda draft: draft.reverses or "")
    return [*drafts, *fresh]


def interest_postings(
    frame: CaseFrame,
    claim_id: str,
    ran: Callable[[date], Interest],
    days: Iterable[date],
    posted: Mapping[date, int],
    *,
    rules: MoneyRules,
) -> list[Draft]:
    """Return the interest to post on a claim so that what is posted to each of ``days`` is what had ``ran`` by then.

    Days on which interest was ``posted`` before (øre by value date) are looked at again: a back-dated payment corrects
    them.
    """
    drafts: list[Draft] = []
    running = 0
    for day in sorted({*days, *posted}):
        running += posted.get(day, 0)
        interest = ran(day)
        difference = interest.amount_ore - running
        if difference == 0:
            continue
        why = interest.trace(rules.interest)
        inputs = {**why.inputs, "posted_before_ore": running, "difference_ore": difference}
        if interest.complete_to < day:
            inputs["complete_to"] = interest.complete_to.isoformat()
        trace = Trace(rule=why.rule, reference=why.reference, inputs=inputs)
        drafts.append(_interest(frame, claim_id, difference, day, trace))
        running += difference
    return drafts


def _interest_by_day(entries: Iterable[Transfer]) -> dict[str, dict[date, int]]:
    """Return the interest that is posted on each claim, in øre by value date."""
    posted: dict[str, dict[date, int]] = {}
    for row in entries:
        if row.kind is EntryKind.INTEREST and row.claim_id is not None:
            days = posted.setdefault(row.claim_id, {})
            days[row.value_date] = days.get(row.value_date, 0) + row.effect(Account.INTEREST)
    return posted


def _void_fees(
    frame: CaseFrame, entries: Sequence[Transfer], demands: Sequence[SentDemand], outcome: Outcome
) -> list[Draft]:
    """Return the fees of letters that fell away as they were sent: posted once, so that their reversal shows."""
    if not outcome.void_demands:
        return []
    seen = {row.about for row in entries if row.kind is EntryKind.FEE}
    return [
        _fee(
            frame,
            PlacedFee(
                about=demand.demand_id,
                claim_id=demand.claim_ids[0],
                value_date=demand.sent_on,
                amount_ore=demand.fee_ore,
                why=demand.why,
            ),
        )
        for demand in demands
        if demand.demand_id in outcome.void_demands and demand.fee_ore > 0 and demand.demand_id not in seen
    ]


def _wanted(frame: CaseFrame, outcome: Outcome) -> dict[tuple[EntryKind, str], list[Draft]]:
    wanted: dict[tuple[EntryKind, str], list[Draft]] = {}
    for fee in outcome.fees:
        wanted.setdefault((EntryKind.FEE, fee.about), []).append(_fee(frame, fee))
    for group in outcome.groups:
        rows = wanted.setdefault((group.kind, group.about), [])
        rows.extend(draft for part in group.parts if (draft := _draft(frame, group, part)) is not None)
    return wanted


def _present(entries: Sequence[Transfer]) -> dict[tuple[EntryKind, str], list[Transfer]]:
    present: dict[tuple[EntryKind, str], list[Transfer]] = {}
    # What takes a transfer back is of its kind.
    for row in standing(row for row in entries if row.kind in DERIVED_KINDS):
        if row.about is not None:
            present.setdefault((row.kind, row.about), []).append(row)
    return present


def _draft(frame: CaseFrame, group: Group, part: Part) -> Draft | None:
    """Return the transfer of one part, None when money does not move (overpaid money that is set off stays put)."""
    here, here_owner = part.account, part.claim_id or frame.case_id
    there, there_owner = _other_side(frame, group, part)
    if (here, here_owner) == (there, there_owner):
        return None
    debit, credit = ((here, here_owner), (there, there_owner))
    if not group.owing:
        debit, credit = credit, debit
    rule, reference = DECIDED if group.decided else _RULES[group.kind]
    return Draft(
        kind=group.kind,
        debit=debit[0],
        debit_owner=debit[1],
        credit=credit[0],
        credit_owner=credit[1],
        amount_ore=part.amount_ore,
        value_date=group.value_date,
        unit=frame.unit,
        case_id=frame.case_id,
        claim_id=part.claim_id,
        about=group.about,
        trace=Trace(rule=rule, reference=reference or _order_reference(group.payment), inputs=_inputs(group, part)),
    )


def _other_side(frame: CaseFrame, group: Group, part: Part) -> tuple[Account, str]:
    if group.payment is not None:
        if group.payment.direct:
            return Account.CREDITOR_SHARE, frame.unit
        return Account.SUSPENSE, group.payment.payment_id
    if group.kind in (EntryKind.SET_OFF, EntryKind.RELEASED):
        return Account.OVERPAID, frame.case_id
    if group.kind is EntryKind.CANCELLED:
        return share_of(part.account), frame.unit
    return Account.WRITE_OFF, frame.unit


def _inputs(group: Group, part: Part) -> dict[str, str | int | None]:
    inputs: dict[str, str | int | None] = dict(group.inputs)
    inputs |= {"covers": str(part.account), "amount_ore": part.amount_ore}
    if group.payment is not None:
        inputs |= {"payment": group.payment.payment_id, "payment_ore": group.payment.amount_ore}
    return inputs


def _order_reference(payment: Payment | None) -> str:
    return REFERENCES[DEDUCTION if payment and payment.deduction else VOLUNTARY]


def _fee(frame: CaseFrame, fee: PlacedFee) -> Draft:
    """Return the posting of a fee; its trace is that of the rule which set it, the sats and part it used included."""
    rule = fee.why or Trace(rule="fees.letter_sent", reference="inkassoforskriften §§ 1-2, 1-3")
    why = Trace(
        rule=rule.rule,
        reference=rule.reference,
        inputs={**rule.inputs, "demand": fee.about, "on": fee.value_date.isoformat(), "fee_ore": fee.amount_ore},
    )
    return Draft(
        kind=EntryKind.FEE,
        debit=Account.FEES,
        debit_owner=fee.claim_id,
        credit=Account.COLLECTOR_SHARE,
        credit_owner=frame.unit,
        amount_ore=fee.amount_ore,
        value_date=fee.value_date,
        unit=frame.unit,
        case_id=frame.case_id,
        claim_id=fee.claim_id,
        about=fee.about,
        trace=why,
    )


def _interest(frame: CaseFrame, claim_id: str, amount_ore: int, day: date, trace: Trace) -> Draft:
    sides = [(Account.INTEREST, claim_id), (Account.CREDITOR_SHARE, frame.unit)]
    if amount_ore < 0:
        sides.reverse()
    return Draft(
        kind=EntryKind.INTEREST,
        debit=sides[0][0],
        debit_owner=sides[0][1],
        credit=sides[1][0],
        credit_owner=sides[1][1],
        amount_ore=abs(amount_ore),
        value_date=day,
        unit=frame.unit,
        case_id=frame.case_id,
        claim_id=claim_id,
        about=claim_id,
        trace=trace,
    )


def _no_longer(row: Transfer) -> Trace:
    return Trace(
        rule="posting.no_longer_holds",
        reference="bokføringsloven § 9",
        inputs={"kind": row.kind.value, "about": row.about, "reverses": row.transfer_id},
    )
