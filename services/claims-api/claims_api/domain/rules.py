"""The settings of the money rules in one value, so that every rule function takes them as an argument."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from claims_api.domain.interest import InterestConvention
from claims_api.domain.rates import Rates
from shared.calendar import add_bank_days


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeGiven:
    """The last day to pay that a letter gives, and the last bank day of the grace after it."""

    pay_by: date
    grace_to: date


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyRules:
    """Rates and settings. ``act_2026_from``: the day the adopted act takes over from that of 1988, None: not yet."""

    rates: Rates
    interest: InterestConvention = InterestConvention.SKATTEETATEN
    act_2026_from: date | None = None

    def act_2026_on(self, day: date) -> bool:
        """Tell whether the act of 22 May 2026 governs letters sent on ``day``."""
        return self.act_2026_from is not None and day >= self.act_2026_from

    def small_rest_ore(self, day: date) -> int:
        """Return the rest of a case that is written off after a payment on ``day`` (småbeløp)."""
        return int(self.rates.ore("small_rest", day))

    def demand_fee_gap(self, day: date) -> int:
        """Return the days one fee for a betalingsoppfordring keeps the debtor free of another from the legal person."""
        return self.rates.whole("demand_fee_gap", day)

    def after_grace(self, deadline: date) -> date:
        """Return the last bank day of the grace after a deadline, which passes before anything follows."""
        return add_bank_days(deadline, self.rates.whole("grace_bank_days", deadline))

    def time_given(self, pay_by: date) -> TimeGiven:
        """Return the time that ``pay_by`` gives, with its grace."""
        return TimeGiven(pay_by=pay_by, grace_to=self.after_grace(pay_by))
