"""The golden set, continued: collection cost (salær), court fees and standard compensation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from law import announced
from law.goldens import MISSING, Golden, day

from claims_api.domain.court_fees import CourtStep, court_fee, standard_compensation
from claims_api.domain.fees import EarlierLetter, LetterKind, letter_fees
from claims_api.domain.rates import Rates
from claims_api.domain.salaer import SalaerClaim, foreign_collection, heavy_from, lawyer_led, plan_addition

_DAY = timedelta(days=1)


def _scaled(size_nok: int, due: str, deadline: str, **more: bool) -> SalaerClaim:
    return SalaerClaim(size_ore=size_nok * 100, due_date=day(due), demand_deadline=day(deadline), **more)


def _salaer(size: int, due: str, deadline: str, rates: Rates) -> list[int]:
    light = day(deadline) + 28 * _DAY
    return [
        foreign_collection(_scaled(size, due, deadline, business=business, vat=vat), paid, rates=rates).value
        for business in (False, True)
        for vat in (False, True)
        for paid in (light, light + _DAY)
    ]


def salaer_goldens() -> Iterator[Golden]:
    eras = (
        ("2026-01-15", "2026-03-04", announced.SALAER_2026),
        ("2020-10-01", "2020-11-30", announced.SALAER_2020_TO_2025),
        ("2020-09-30", "2020-11-30", announced.SALAER_OLD),
        ("2010-01-01", "2018-11-30", announced.SALAER_OLD),
    )
    for due, deadline, table in eras:
        for line in table.strip().splitlines():
            size, *answer = map(int, line.split())
            yield Golden(
                name=f"salær of {size} kroner due {due}",
                ask=lambda rates, s=size, d=due, t=deadline: _salaer(s, d, t, rates),
                answer=answer,
            )
    for size in (500, 1_000, 2_500, 10_000, 50_000, 250_000, 250_001):
        yield Golden(
            name=f"salær of {size} kroner due before the table",
            ask=lambda rates, s=size: _salaer(s, "2009-12-31", "2020-11-30", rates),
            answer=MISSING,
        )
    yield Golden(
        name="an øre above a limit is the next bracket",
        ask=lambda rates: [
            foreign_collection(
                SalaerClaim(size_ore=ore, due_date=date(2026, 1, 15), demand_deadline=date(2026, 3, 4)),
                date(2026, 3, 5),
                rates=rates,
            ).value
            for ore in (50_000, 50_001, 25_000_000, 25_000_001)
        ],
        answer=[18_750, 26_250, 270_000, 540_000],
    )
    yield Golden(
        name="salær by the sats of the day of payment",
        ask=lambda rates: [
            foreign_collection(_scaled(3_000, "2025-06-02", "2025-12-20"), day(paid), rates=rates).value
            for paid in ("2025-12-31", "2026-01-01")
        ],
        answer=[56_000, 60_000],
    )
    yield Golden(
        name="heavy from deadline + 29 = betalingsoppfordring + 43",
        ask=lambda rates: heavy_from(date(2026, 3, 4), rates=rates),
        answer=date(2026, 4, 2),
    )
    yield Golden(
        name="lawyer-led: more than fourteen days late, light for ever",
        ask=lambda rates: [
            lawyer_led(_scaled(500, "2026-01-15", "2026-03-04", vat=True, business=True), day(paid), rates=rates).value
            for paid in ("2026-03-18", "2026-03-19", "2026-11-02")
        ],
        answer=[0, 28_125, 28_125],
    )
    yield Golden(
        name="letters charged before count against the scale, and nothing is owed back",
        ask=lambda rates: [
            scale(replace(_scaled(500, "2026-01-15", "2026-03-04"), letter_fees_ore=fees), paid, rates=rates).value
            for scale, paid in ((foreign_collection, date(2026, 3, 5)), (lawyer_led, date(2026, 4, 7)))
            for fees in (0, 3_800, 18_749, 18_750, 18_751)
        ],
        answer=[18_750, 14_950, 1, 0, 0] * 2,
    )
    yield Golden(
        name="what letters before the betalingsoppfordring cost",
        ask=lambda rates: letter_fees(
            [
                EarlierLetter(kind=kind, sent_on=date(2026, 1, 29), deadline=None, fee_ore=fee)
                for kind, fee in ((LetterKind.REMINDER, 3_800), (LetterKind.NOTICE, 3_500), (LetterKind.DEMAND, 11_300))
            ]
        ),
        answer=7_300,
    )
    yield Golden(
        name="salær: nothing from a minor, on a dispute or before a demand, and the step and ground are told",
        ask=lambda rates: [
            (found.value, found.trace.inputs.get("ground") or found.trace.inputs.get("step"))
            for scale in (foreign_collection, lawyer_led)
            for claim in (
                _scaled(3_000, "2026-01-15", "2026-03-04", minor=True),
                _scaled(3_000, "2026-01-15", "2026-03-04", disputed=True),
                replace(_scaled(3_000, "2026-01-15", "2026-03-04"), demand_deadline=None),
            )
            for found in (scale(claim, date(2026, 6, 1), rates=rates),)
        ],
        answer=[(0, "free"), (0, "free"), (0, "no_demand")] * 2,
    )
    yield Golden(
        name="salær says whether it is light or heavy",
        ask=lambda rates: [
            foreign_collection(_scaled(3_000, "2026-01-15", "2026-03-04"), day(paid), rates=rates).trace.inputs["step"]
            for paid in ("2026-04-01", "2026-04-02")
        ],
        answer=["light", "heavy"],
    )
    yield Golden(
        name="a plan addition that is no whole krone is rounded to the øre, half up",
        ask=lambda rates: (
            plan_addition(
                5, date(2026, 2, 2), after_legal_step=False, rates=with_value(rates, "inkassosats", "750.55")
            ).value
        ),
        answer=112_583,
    )
    yield Golden(
        name="plan addition: from five instalments, 1 050 and 1 125 kroner",
        ask=lambda rates: [
            plan_addition(count, day(agreed), after_legal_step=late, rates=rates).value
            for count, agreed, late in (
                (4, "2026-02-02", False), (5, "2025-12-31", False), (5, "2026-01-01", False), (5, "2026-02-02", True),
            )
        ],
        answer=[0, 105_000, 112_500, 0],
    )  # fmt: skip


def court_goldens() -> Iterator[Golden]:
    for step, filed in ((CourtStep.COMPLAINT, announced.COMPLAINT), (CourtStep.ATTACHMENT, announced.ATTACHMENT)):
        for text, nok in {**filed, "2018-12-31": MISSING, "2027-01-01": MISSING}.items():
            yield Golden(
                name=f"{step} filed {text}",
                ask=lambda rates, s=step, t=text: court_fee(s, day(t), rates=rates).value,
                answer=nok if isinstance(nok, str) else nok * 100,
            )
    for step in (CourtStep.DRAFTING_ATTACHMENT, CourtStep.DRAFTING_COMPLAINT):
        for year, nok in announced.COURT_FEE.items():
            yield Golden(
                name=f"{step} in {year}: one R",
                ask=lambda rates, s=step, y=year: [
                    court_fee(s, filed, rates=rates).value for filed in (date(y, 1, 1), date(y, 12, 31))
                ],
                answer=[nok * 100, nok * 100] if year >= 2019 else MISSING,
            )
    for year, nok in announced.COURT_FEE.items():
        yield Golden(
            name=f"R of {year}",
            ask=lambda rates, y=year: [rates.value("rettsgebyr", on) for on in (date(y, 1, 1), date(y, 12, 31))],
            answer=[nok, nok],
        )
    for first, nok in announced.COMPENSATION.items():
        yield Golden(
            name=f"standard compensation from {first}",
            ask=lambda rates, f=first: standard_compensation(f, business_debtor=True, costs_ore=0, rates=rates).value,
            answer=int(nok) * 100,
        )
    yield Golden(
        name="standard compensation: none from a consumer, net of costs, never below nothing",
        ask=lambda rates: [
            standard_compensation(date(2026, 8, 3), business_debtor=business, costs_ore=costs, rates=rates).value
            for business, costs in ((False, 0), (True, 15_100), (True, 50_000))
        ],
        answer=[0, 27_900, 0],
    )
    yield Golden(
        name="a compensation with a part of an øre is no announced figure",
        ask=lambda rates: _refused(with_value(rates, "standard_compensation", "430.005")),
        answer="refused",
    )
    yield Golden(
        name="a court fee says that it is cut",
        ask=lambda rates: court_fee(CourtStep.COMPLAINT, date(2026, 2, 2), rates=rates).trace.inputs["rounding"],
        answer="krone_down",
    )
    yield Golden(
        name="standard compensation: the half-years as announced",
        ask=lambda rates: {row.valid_from: str(row.value) for row in rates.table("standard_compensation").rows},
        answer=announced.COMPENSATION,
    )
    yield Golden(
        name="standard compensation known to the end of 2026",
        ask=lambda rates: [rates.complete_on(date(2026, 12, 31) + n * _DAY, "standard_compensation") for n in (0, 1)],
        answer=[True, False],
    )


def with_value(rates: Rates, name: str, value: str) -> Rates:
    """Return the rates with another figure in the latest row of a table."""
    table = rates.table(name)
    rows = (*table.rows[:-1], replace(table.rows[-1], value=Decimal(value)))
    return Rates(tables={**rates.tables, name: replace(table, rows=rows)})


def _refused(rates: Rates) -> str:
    try:
        standard_compensation(date(2026, 8, 3), business_debtor=True, costs_ore=0, rates=rates)
    except ValueError:
        return "refused"
    return "accepted"
