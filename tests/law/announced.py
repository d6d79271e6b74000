"""The announced figures, transcribed a second time from the fact sheet: nothing here is read from ``rates.toml``."""

from __future__ import annotations

from datetime import date


def _half_years(first: int, figures: str) -> dict[date, str]:
    """Return half-years and their figures, from 1 January of ``first``."""
    return {date(first + at // 2, 1 + 6 * (at % 2), 1): figure for at, figure in enumerate(figures.split())}


LATE_INTEREST = _half_years(
    2010,
    "8.75 9.00 9.00 9.25 8.75 8.50 8.50 9.50 9.50 9.50 9.25 9.00 8.75 8.50 8.50 8.50 8.50 8.50 8.75 9.25 9.50 8.00 "
    "8.00 8.00 8.50 9.25 10.75 11.75 12.50 12.50 12.50 12.25 12.00 12.25",
)
"""Percent a year (forsinkelsesrenteloven § 3); the last is that of 1 July 2026."""

COMPENSATION = _half_years(
    2014,
    "320 320 330 330 370 370 360 370 380 380 380 390 400 430 420 400 390 400 410 460 470 460 470 460 460 430",
)
"""Kroner (§ 3 a), businesses only."""

COURT_FEE = dict(zip(range(2017, 2027), (1049, 1130, 1150, 1172, 1199, 1223, 1243, 1277, 1314, 1345), strict=True))
"""Rettsgebyr (R) in kroner, from 1 January of the year."""

COMPLAINT = {
    "2019-01-01": 1_322, "2019-12-31": 1_322, "2020-01-01": 1_347, "2021-01-01": 1_378, "2021-12-31": 1_378,
    "2022-01-01": 1_345, "2022-12-31": 1_345, "2023-01-01": 1_367, "2024-01-01": 1_404, "2024-06-30": 1_404,
    "2024-07-01": 1_966, "2024-12-31": 1_966, "2025-01-01": 2_023, "2026-01-01": 2_071, "2026-12-31": 2_071,
}  # fmt: skip
"""Forliksklage in kroner on the day it is filed."""

ATTACHMENT = {
    "2019-01-01": 1_955, "2020-01-01": 1_992, "2020-12-31": 1_992, "2021-01-01": 1_498, "2021-12-31": 1_498,
    "2022-01-01": 1_479, "2023-01-01": 1_504, "2024-01-01": 1_545, "2024-12-31": 1_545, "2025-01-01": 906,
    "2025-12-31": 906, "2026-01-01": 928, "2026-12-31": 928,
}  # fmt: skip
"""Utleggsbegjæring in kroner on the day it is filed."""

# Size of the claim in kroner up to and including; then the eight columns of the table, in øre:
# consumer ex VAT, consumer with VAT, business ex VAT, business with VAT, each light and heavy.
SALAER_2026 = """
500      18750   37500   23438   46875   28125    56250   35156    70313
1000     26250   52500   32813   65625   39375    78750   49219    98438
2500     30000   60000   37500   75000   45000    90000   56250   112500
10000    60000  120000   75000  150000   90000   180000  112500   225000
50000   120000  240000  150000  300000  180000   360000  225000   450000
250000  270000  540000  337500  675000  405000   810000  506250  1012500
250001  540000 1080000  675000 1350000  810000  1620000 1012500  2025000
"""
SALAER_2020_TO_2025 = """
500      17500   35000   21875   43750   26250    52500   32813    65625
1000     24500   49000   30625   61250   36750    73500   45938    91875
2500     28000   56000   35000   70000   42000    84000   52500   105000
10000    56000  112000   70000  140000   84000   168000  105000   210000
50000   112000  224000  140000  280000  168000   336000  210000   420000
250000  252000  504000  315000  630000  378000   756000  472500   945000
250001  504000 1008000  630000 1260000  756000  1512000  945000  1890000
"""
SALAER_OLD = """
500      35000   70000   43750   87500   52500   105000   65625   131250
1000     35000   70000   43750   87500   52500   105000   65625   131250
2500     35000   70000   43750   87500   52500   105000   65625   131250
10000    70000  140000   87500  175000  105000   210000  131250   262500
50000   140000  280000  175000  350000  210000   420000  262500   525000
250000  280000  560000  350000  700000  420000   840000  525000  1050000
250001  560000 1120000  700000 1400000  840000  1680000 1050000  2100000
"""
"""Claims due from 2010-01-01 to 2020-09-30, paid while the inkassosats was 700."""

OWN_LETTERS = (
    ("2020-09-30", "2020-12-31", 7_000, 21_000),
    ("2020-09-30", "2021-03-01", 7_000, 21_000),
    ("2020-09-30", "2026-03-02", 7_500, 22_500),
    ("2020-10-01", "2020-12-31", 3_500, 10_500),
    ("2025-10-01", "2025-12-31", 3_500, 10_500),
    ("2025-10-01", "2026-01-01", 3_800, 11_300),
    ("2026-01-15", "2026-03-02", 3_800, 11_300),
)
"""Due, sent, purring or varsel, betalingsoppfordring in øre."""

SKATTEETATEN = (
    (1_000_000, "2024-06-15", "2024-06-27", 4_098),
    (800_000, "2024-06-27", "2025-03-10", 69_996),
    (300_000, "2025-03-10", "2025-07-01", 11_610),
    (300_000, "2025-07-01", "2025-11-21", 14_398),
    (300_000, "2025-08-14", "2025-11-21", 9_968),
)
"""Skatteetaten's worked example: base, from, to, interest, all in øre."""

INKASSO = (
    (1_000_000, "2025-06-15", "2025-07-15", (5_137, 5_034)),
    (300_000, "2026-05-20", "2026-11-23", (4_044, 14_700)),
    (123_456, "2019-12-20", "2020-07-20", (344, 5_848, 541)),
    (100_000, "2024-02-15", "2024-03-15", (993,)),
    (500_000, "2026-06-30", "2026-07-01", (168,)),
)
"""The vectors of actual/365 from the day after the due day: base, from, to, each segment."""

FIRST_DAYS = {
    "late_interest": "2010-01-01", "standard_compensation": "2014-01-01", "inkassosats": "2017-01-01",
    "own_letter_small": "1900-01-01", "own_letter_demand": "1900-01-01", "own_letter_rounding": "1989-10-01",
    "own_letter_small_2026_act": "2026-05-22", "own_letter_demand_2026_act": "2026-05-22",
    "own_letter_days_after_due": "1989-10-01", "own_letter_missed_deadline_days": "1989-10-01",
    "own_letter_small_max": "1989-10-01", "own_letter_demand_max": "1989-10-01",
    "own_letter_reset_months": "1989-10-01", "salaer_500": "2010-01-01", "salaer_1000": "2010-01-01",
    "salaer_2500": "2010-01-01", "salaer_10000": "2010-01-01", "salaer_50000": "2010-01-01",
    "salaer_250000": "2010-01-01", "salaer_above": "2010-01-01", "salaer_heavy": "1989-10-01",
    "salaer_business": "1989-10-01", "salaer_vat": "1989-10-01", "salaer_heavy_after_days": "1989-10-01",
    "salaer_lawyer_after_days": "1989-10-01", "salaer_plan": "1989-10-01", "salaer_plan_instalments": "1989-10-01",
    "rettsgebyr": "2017-01-01", "court_complaint": "2019-01-01", "court_attachment": "2019-01-01",
    "drafting_attachment_max": "2019-01-01", "drafting_complaint_max": "2019-01-01",
    "notice_deadline": "1989-10-01", "demand_deadline": "1989-10-01", "enforcement_notice": "1993-01-01",
    "limitation": "1980-01-01", "limitation_after_judgment": "1980-01-01", "interest_after_demand": "1977-01-01",
    "small_rest": "1900-01-01", "demand_fee_gap": "1900-01-01", "grace_bank_days": "1900-01-01",
}  # fmt: skip
"""The first day each parameter is known for."""
