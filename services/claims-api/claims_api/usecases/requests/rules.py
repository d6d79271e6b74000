"""The municipality's rules for what is granted at once, read from the settings."""

from __future__ import annotations

from claims_api.domain.deferrals import DeferralRule
from claims_api.domain.plans import PlanRule
from claims_api.settings import Settings


def deferral_rule(settings: Settings) -> DeferralRule:
    """Return the rule for more time."""
    return DeferralRule(max_days=settings.deferral_max_days)


def plan_rule(settings: Settings) -> PlanRule:
    """Return the rule for payment plans."""
    return PlanRule(
        instalments_max=settings.plan_max_instalments,
        instalment_min_ore=settings.plan_min_instalment_ore,
        total_max_ore=settings.plan_max_total_ore,
        first_due_days=settings.plan_first_due_days,
        broken_months=settings.plan_broken_months,
    )
