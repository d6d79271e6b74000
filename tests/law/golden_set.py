"""The rest of the golden set (days, deadlines, limitation, rounding), and all of it together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from law import announced
from law.goldens import Golden, day, fee_goldens, interest_goldens
from law.goldens_of_costs import court_goldens, salaer_goldens
from support.money_book import MoneyBook
from support.money_book import claim as money_claim

from claims_api.domain.claim_types import claim_type, interest_from
from claims_api.domain.demand import (
    ClaimCheck,
    FeeClaim,
    SentLetter,
    demand_fee,
    first_day_after,
    gives_too_little_time,
)
from claims_api.domain.facts import Payment
from claims_api.domain.fees import ChargedClaim, EarlierLetter, FeeRegime, LetterKind
from claims_api.domain.intake import is_minor, needs_hearing, notice_fault
from claims_api.domain.limitation import (
    Interrupted,
    Interruption,
    LimitationRule,
    is_barred,
    last_day,
    last_day_after,
    warning_due,
)
from claims_api.domain.rates import Rates
from claims_api.domain.rules import MoneyRules
from shared.calendar import (
    add_bank_days,
    add_months,
    add_years,
    deadline_after,
    is_bank_day,
    is_working_day,
    working_day_after,
)
from shared.money import Rounding, round_ore, split_by_weight

LIMITATION = LimitationRule(hearing_days=90, warning_days=(120, 60, 30))
ROUNDED = {
    Rounding.ORE_HALF_UP: [0, 1, 1, 2, -1, 23_438],
    Rounding.KRONE_HALF_UP: [0, 0, 0, 0, 0, 23_400],
    Rounding.KRONE_DOWN: [0, 0, 0, 0, 0, 23_400],
}


def rounding_goldens() -> Iterator[Golden]:
    exact = [Fraction(text) for text in ("0.499", "0.5", "1.499", "1.5", "-0.5", "23437.5")]
    for rule, answer in ROUNDED.items():
        yield Golden(
            name=f"rounding {rule}", ask=lambda rates, r=rule: [round_ore(one, r) for one in exact], answer=answer
        )
    yield Golden(
        name="halves of a krone: up, or cut",
        ask=lambda rates: [
            round_ore(Fraction(ore), rule)
            for rule in (Rounding.KRONE_HALF_UP, Rounding.KRONE_DOWN)
            for ore in (3_749, 3_750, 11_250, 207_130, -3_750, -3_799)
        ],
        answer=[3_700, 3_800, 11_300, 207_100, -3_800, -3_800, 3_700, 3_700, 11_200, 207_100, -3_700, -3_700],
    )
    yield Golden(
        name="shares: the largest remainder, the earlier first",
        ask=lambda rates: [
            split_by_weight(100, [1, 1, 1]),
            split_by_weight(-7, [2, 5]),
            split_by_weight(0, [0]),
            split_by_weight(-1, [1, 1]),
            split_by_weight(10, [3, 3, 1]),
            _refused(),
        ],
        answer=[[34, 33, 33], [-2, -5], [0], [-1, 0], [4, 4, 2], "refused"],
    )


def _refused() -> str:
    try:
        split_by_weight(10, [11, -1])
    except ValueError:
        return "refused"
    return "accepted"


AROUND_HOLIDAYS = (
    "01-01", "01-02", "04-01", "04-02", "04-03", "04-06", "04-07", "05-01", "05-14", "05-15", "05-25", "05-26",
    "12-24", "12-25", "12-28", "12-31",
)  # fmt: skip


def calendar_goldens() -> Iterator[Golden]:
    yield Golden(
        name="the holidays of 2026",
        ask=lambda rates: [text for text in AROUND_HOLIDAYS if is_working_day(day(f"2026-{text}"))],
        answer=["01-02", "04-01", "04-07", "05-15", "05-26", "12-24", "12-28", "12-31"],
    )
    yield Golden(
        name="the week",
        ask=lambda rates: [is_working_day(date(2026, 2, 2 + at)) for at in range(7)],
        answer=[True] * 5 + [False] * 2,
    )
    yield Golden(
        name="bank days at Christmas",
        ask=lambda rates: [text for text in ("23", "24", "28", "30", "31") if is_bank_day(day(f"2026-12-{text}"))],
        answer=["23", "28", "30"],
    )
    yield Golden(
        name="three bank days over Christmas and back",
        ask=lambda rates: [
            add_bank_days(date(2026, 12, 23), 3), add_bank_days(date(2026, 12, 30), -3), add_bank_days(RIPE, 0),
            add_bank_days(RIPE, 1), add_bank_days(RIPE, -1),
        ],
        answer=[date(2026, 12, 30), date(2026, 12, 23), RIPE, date(2026, 2, 19), date(2026, 2, 17)],
    )  # fmt: skip
    yield Golden(
        name="a deadline over Easter, and one on a working day",
        ask=lambda rates: [deadline_after(date(2026, 3, 20), 14), deadline_after(date(2026, 1, 29), 14)],
        answer=[date(2026, 4, 7), date(2026, 2, 12)],
    )
    yield Golden(
        name="the same-numbered day, else the month's last",
        ask=lambda rates: [
            add_months(date(2026, 2, 18), 6), add_months(date(2026, 8, 31), 6), add_months(date(2026, 1, 31), -2),
            add_years(date(2024, 2, 29), 3), add_months(date(2025, 12, 1), 1), add_months(date(2026, 1, 1), -1),
        ],
        answer=[
            date(2026, 8, 18), date(2027, 2, 28), date(2025, 11, 30),
            date(2027, 2, 28), date(2026, 1, 1), date(2025, 12, 1),
        ],
    )  # fmt: skip
    yield Golden(
        name="the working day after",
        ask=lambda rates: [working_day_after(date(2026, 4, 1)), working_day_after(date(2026, 2, 17))],
        answer=[date(2026, 4, 7), date(2026, 2, 18)],
    )


RIPE = date(2026, 2, 18)


def _first(deadline: str, rates: Rates, *, registered: str = "2026-01-19", by_unit: bool = False) -> date | None:
    sent = SentLetter(kind=LetterKind.NOTICE, sent_on=date(2026, 1, 2), deadline=day(deadline), by_unit=by_unit)
    check = ClaimCheck(
        claim_id="c", due_date=date(2025, 12, 1), registered_on=day(registered), owed_ore=1, letters=(sent,)
    )
    return first_day_after(check, rules=MoneyRules(rates=rates))


def deadline_goldens() -> Iterator[Golden]:
    yield Golden(
        name="betalingsoppfordring: the working day after deadline and three bank days",
        ask=lambda rates: [
            _first("2026-02-12", rates), _first("2026-03-31", rates), _first("2026-12-23", rates),
            _first("2026-01-16", rates, registered="2026-02-20", by_unit=True),
            _first("2026-01-16", rates, registered="2026-02-20"),
        ],
        answer=[RIPE, date(2026, 4, 9), date(2026, 12, 31), date(2026, 2, 23), date(2026, 1, 22)],
    )  # fmt: skip
    for kind in (LetterKind.NOTICE, LetterKind.DEMAND, LetterKind.WARNING):
        yield Golden(
            name=f"{kind} gives fourteen days from its sending",
            ask=lambda rates, k=kind: [
                gives_too_little_time(day(sent), date(2026, 3, 4), k, rules=MoneyRules(rates=rates))
                for sent in ("2026-02-18", "2026-02-19")
            ],
            answer=[False, True],
        )
    yield Golden(
        name="a unit's varsel counts when sent after the due day with fourteen days",
        ask=lambda rates: [
            notice_fault(date(2026, 1, 5), day(sent), day(deadline), rates=rates)
            for sent, deadline in (
                ("2026-01-05", "2026-01-30"), ("2026-01-06", "2026-01-19"), ("2026-01-06", "2026-01-20"),
            )
        ],
        answer=["sent-before-due", "deadline-too-short", None],
    )  # fmt: skip
    yield Golden(
        name="interest from: due day, or thirty days after the invoice, or never",
        ask=lambda rates: [
            interest_from(claim_type(kind), due_date=date(2026, 1, 15), invoice_date=date(2026, 1, 5), rates=rates)
            for kind in ("kindergarten", "other_invoice", "coercive_fine")
        ],
        answer=[date(2026, 1, 15), date(2026, 2, 4), None],
    )


def limitation_goldens() -> Iterator[Golden]:
    for due, last in (
        ("2023-03-15", "2026-03-16"), ("2024-02-29", "2027-03-01"), ("2023-05-17", "2026-05-18"),
        ("2023-06-01", "2026-06-01"),
    ):  # fmt: skip
        yield Golden(
            name=f"limitation of a claim due {due}",
            ask=lambda rates, d=due: last_day(day(d), None, rates=rates).value,
            answer=day(last),
        )
    yield Golden(
        name="the unit's own earlier day wins, its later one does not",
        ask=lambda rates: [
            last_day(date(2023, 6, 1), day(own), rates=rates).value for own in ("2026-01-05", "2030-01-07")
        ],
        answer=[date(2026, 1, 5), date(2026, 6, 1)],
    )
    may, june = date(2026, 5, 4), date(2026, 6, 1)
    acknowledged = Interrupted(kind=Interruption.ACKNOWLEDGED, on=may)
    filed = Interrupted(kind=Interruption.FILED, on=may)
    dropped = Interrupted(kind=Interruption.FILED, on=may, ended_on=date(2026, 9, 1))
    judged = Interrupted(kind=Interruption.JUDGED, on=date(2026, 9, 1))
    late = Interrupted(kind=Interruption.ACKNOWLEDGED, on=date(2026, 6, 2))
    in_time = Interrupted(kind=Interruption.ACKNOWLEDGED, on=june)
    yield Golden(
        name="what interrupts limitation, and for how long",
        ask=lambda rates: [
            last_day_after(june, steps, rates=rates)
            for steps in ([], [acknowledged], [filed], [dropped], [judged, dropped], [late], [in_time])
        ],
        answer=[june, date(2029, 5, 4), None, date(2027, 9, 1), date(2036, 9, 1), june, date(2029, 6, 1)],
    )
    yield Golden(
        name="the last day is in time, and warnings come at 120, 60 and 30 days",
        ask=lambda rates: [
            *(is_barred(june, day(text)) for text in ("2026-06-01", "2026-06-02")),
            *(_warned(june, text) for text in ("2026-01-31", "2026-02-01", "2026-04-02", "2026-05-02")),
            *(_warned(june, text) for text in ("2026-04-01", "2026-05-01", "2026-06-01", "2026-06-02")),
        ],
        answer=[False, True, None, 120, 60, 30, 120, 60, 30, None],
    )


def _warned(last: date, today: str) -> int | None:
    return warning_due(last, day(today), rule=LIMITATION)


def _recent(last: str | None, kind: LetterKind, rates: Rates) -> int:
    notice = EarlierLetter(kind=LetterKind.NOTICE, sent_on=date(2026, 1, 20), deadline=date(2026, 2, 3), fee_ore=0)
    charged = ChargedClaim(due_date=date(2026, 1, 2), letters=(notice,))
    claim = FeeClaim(claim_id="c", charged=charged, regime=FeeRegime.OWN_FEES, size_ore=100_000)
    when = day(last) if last else None
    rules = MoneyRules(rates=rates)
    return demand_fee(kind, RIPE, date(2026, 3, 4), [claim], last_demand_fee_on=when, rules=rules).value


def _rest_after(paid_ore: int, rates: Rates) -> int:
    kept = MoneyBook(rules=MoneyRules(rates=rates))
    kept.register(money_claim("c", date(2026, 1, 2), interest=False), 100_000)
    kept.pay(Payment(payment_id="p", paid_on=date(2026, 2, 2), amount_ore=paid_ore))
    return kept.balance(date(2026, 2, 2)).total_ore


def people_goldens() -> Iterator[Golden]:
    yield Golden(
        name="one fee for a betalingsoppfordring in fourteen days, a varsel besides",
        ask=lambda rates: [
            *(_recent(last, LetterKind.DEMAND, rates) for last in ("2026-02-05", "2026-02-04", None)),
            _recent("2026-02-05", LetterKind.NOTICE, rates),
        ],
        answer=[0, 11_300, 11_300, 3_800],
    )
    yield Golden(
        name="a rest of the whole case of fifty kroner is written off after a payment, an øre more is not",
        ask=lambda rates: [_rest_after(paid, rates) for paid in (94_999, 95_000, 95_001, 99_999, 100_000)],
        answer=[5_001, 0, 0, 0, 0],
    )
    yield Golden(
        name="a minor until the eighteenth birthday",
        ask=lambda rates: [
            is_minor(date(2008, 3, 4), date(2026, 3, 3)),
            is_minor(date(2008, 3, 4), date(2026, 3, 4)),
            is_minor(None, date(2026, 3, 4)),
        ],
        answer=[True, False, False],
    )
    yield Golden(
        name="less than ninety days before limitation a person looks first",
        ask=lambda rates: [
            needs_hearing(date(2026, 6, 1), day(on), rule=LIMITATION) for on in ("2026-03-04", "2026-03-03")
        ],
        answer=[True, False],
    )


def pinned_goldens() -> Iterator[Golden]:
    for name, first in announced.FIRST_DAYS.items():
        yield Golden(
            name=f"{name} is known from {first}",
            ask=lambda rates, n=name, f=first: [
                rates.complete_on(day(f), n), rates.complete_on(date.fromordinal(day(f).toordinal() - 1), n),
            ],
            answer=[True, False],
        )  # fmt: skip
    yield Golden(
        name="own letters are rounded to an øre until 2025 and to a krone from 2026",
        ask=lambda rates: [
            str(rates.value("own_letter_rounding", day(on))) for on in ("1989-10-01", "2025-12-31", "2026-01-01")
        ],
        answer=["0.01", "0.01", "1"],
    )


RULED: tuple[Golden, ...] = (
    *interest_goldens(),
    *fee_goldens(),
    *salaer_goldens(),
    *court_goldens(),
    *rounding_goldens(),
    *calendar_goldens(),
    *deadline_goldens(),
    *limitation_goldens(),
    *people_goldens(),
)
"""Answers of rules."""
GOLDENS: tuple[Golden, ...] = (*RULED, *pinned_goldens())
