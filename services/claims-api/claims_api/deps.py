"""What the use cases of this service depend on beside the unit of work: rules, keys and settings, made once."""

from __future__ import annotations

from dataclasses import dataclass

from claims_api.crypto import Vault, make_key_file, read_keyring
from claims_api.domain.complaints import ComplaintRule
from claims_api.domain.interest import InterestConvention
from claims_api.domain.limitation import LimitationRule
from claims_api.domain.objections import ObjectionRule
from claims_api.domain.rates import load_rates
from claims_api.domain.rules import MoneyRules
from claims_api.settings import NOTIFICATIONS, Settings
from shared.errors import Crash
from shared.sealing import ensure_keypair, read_public


@dataclass(frozen=True, slots=True, kw_only=True)
class Deps:
    """Settings, the money rules with their rates, the municipality's other rules, and the vault of the keys."""

    settings: Settings
    rules: MoneyRules
    limitation: LimitationRule
    objections: ObjectionRule
    complaints: ComplaintRule
    vault: Vault


def make_deps(settings: Settings) -> Deps:
    """Read rates and keys; the embedded profile makes keys that are not there yet. Raises Crash for unusable keys."""
    if settings.profile == "embedded":
        if settings.keys_file is None:
            make_key_file(settings.key_file)
        if settings.notifications_public_key is None:
            ensure_keypair(settings.keys_dir, NOTIFICATIONS)
    try:
        sealing = read_public(settings.sealing_key_file)
    except (OSError, ValueError) as wrong:
        raise Crash(f"{settings.sealing_key_file.name}: expected notifications' public key") from wrong
    rules = MoneyRules(
        rates=load_rates(assume_months=settings.rates_assumed_months),
        interest=InterestConvention(settings.interest),
        act_2026_from=settings.act_2026_from,
    )
    return Deps(
        settings=settings,
        rules=rules,
        limitation=LimitationRule(
            hearing_days=settings.limitation_hearing_days, warning_days=settings.limitation_warning_days
        ),
        objections=ObjectionRule(
            preliminary_days=settings.objection_preliminary_days,
            decision_days=settings.objection_decision_days,
            post_bank_days=settings.objection_post_bank_days,
        ),
        complaints=ComplaintRule(
            days=settings.complaint_days,
            follow_up_days=settings.complaint_follow_up_days,
            post_bank_days=settings.objection_post_bank_days,
        ),
        vault=Vault(read_keyring(settings.key_file, sealing)),
    )
