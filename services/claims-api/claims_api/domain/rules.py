"""The settings of the money rules in one value, so that every rule function takes them as an argument."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from claims_api.domain.interest import InterestConvention
from claims_api.domain.rates import Rates

SMALL_REST_ORE = 50_00
GRACE_BANK_DAYS = 3
DEMAND_FEE_DAYS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyRules:
    """Rates and settings. ``act_2026_from``: the day the adopted act takes over from inkassoloven 1988, None: not yet.

    ``small_rest_ore`` is the rest of a case that is written off after a payment (småbeløp); ``grace_bank_days`` passes
    after a deadline before the next step; ``demand_fee_days`` is how long one fee for a betalingsoppfordring keeps
    the debtor free of another from the same legal person.
    """

    rates: Rates
    interest: InterestConvention = InterestConvention.SKATTEETATEN
    act_2026_from: date | None = None
    small_rest_ore: int = SMALL_REST_ORE
    grace_bank_days: int = GRACE_BANK_DAYS
    demand_fee_days: int = DEMAND_FEE_DAYS

    def act_2026_on(self, day: date) -> bool:
        """Tell whether the act of 22 May 2026 governs letters sent on ``day``."""
        return self.act_2026_from is not None and day >= self.act_2026_from
