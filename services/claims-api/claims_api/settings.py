"""Settings of claims-api: the collector's name and account, how interest runs, and where the keys lie."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from claims_api.domain.choices import CHOICE_DAYS
from shared.settings import BaseServiceSettings

KEY_FILE = "claims-api.json"
NOTIFICATIONS = "notifications"


class Settings(BaseServiceSettings):
    """What claims-api needs to know. Every default is the sample municipality's (design §1)."""

    payee_name: str = "Oslo kommune, Innkrevingsetaten"
    payee_account: str = Field(default="13150101837", description="Account that every demand is paid to (BBAN).")
    payee_bic: str = "DNBANOKK"
    legal_person: str = Field(default="958935420", description="The municipality's own organisation number.")

    interest: Literal["skatteetaten", "inkasso"] = "skatteetaten"
    act_2026_from: date | None = Field(
        default=None, ge=date(2026, 5, 22), description="First day of the act of 22 May 2026; None: not yet."
    )

    deadline_days: int = Field(
        default=14, ge=14, le=60, description="Days from the planned dispatch to the printed deadline; 21 with print."
    )

    deferral_max_days: int = Field(default=30, ge=1, le=365, description="Longest time given at once, in days.")
    plan_max_instalments: int = Field(default=12, ge=1, le=60, description="Most instalments of a plan given at once.")
    plan_min_instalment_ore: int = Field(default=300_00, ge=1, description="Smallest instalment of one, in øre.")
    plan_max_total_ore: int = Field(default=50_000_00, ge=1, description="Most that one may be for, in øre.")
    plan_first_due_days: int = Field(default=31, ge=1, le=365, description="Days within which one must begin to pay.")
    plan_broken_months: int = Field(default=12, ge=0, le=120, description="Months a broken plan bars another for.")

    plan_reminder_days: int = Field(
        default=14, ge=14, le=60, description="Days to pay that the reminder of an instalment (avdrag) gives."
    )

    objection_preliminary_days: int = Field(
        default=7, ge=1, le=60, description="Day of the preliminary answer (foreløpig svar) to an objection."
    )
    objection_decision_days: int = Field(
        default=21, ge=1, le=90, description="Day an objection (innsigelse) is to be decided by, from its receipt."
    )
    objection_post_bank_days: int = Field(
        default=3, ge=0, le=10, description="Bank days after a deadline in which an objection by post is in time."
    )
    complaint_days: int = Field(
        default=21,
        ge=21,
        le=90,
        description="Days to complain of a unit's decision (klagefrist); by law at least 21.",
    )
    complaint_follow_up_days: int = Field(
        default=84, ge=1, le=365, description="Days after which a complaint (klage) that is not decided is overdue."
    )
    refusal_days: int = Field(
        default=14,
        ge=14,
        le=60,
        description="Days to pay (betalingsfrist) after an objection or a request was refused, or a plan broke.",
    )
    paid_wait_bank_days: int = Field(
        default=5, ge=1, le=30, description="Bank days the next step waits when a debtor says to have paid."
    )

    limitation_hearing_days: int = Field(
        default=90, ge=0, le=365, description="A claim nearer its limitation (foreldelse) goes to a person first."
    )
    limitation_warning_days: tuple[Annotated[int, Field(ge=1, le=1095)], ...] = Field(
        default=(120, 60, 30),
        min_length=1,
        description="Days before limitation (foreldelse) when the desk is warned, the earliest warning first.",
    )

    period_closing_working_day: int = Field(
        default=5, ge=1, le=15, description="Working day of a month that closes the one before it (regnskapsperiode)."
    )

    remittance_payout: Literal["at_once", "after_sign_off"] = Field(
        default="at_once", description="When a unit's money leaves: with its statement, or when the unit has signed it."
    )

    payment_choice_days: int = Field(
        default=CHOICE_DAYS,
        ge=0,
        le=365,
        description="Days after a payment in which its payer may say what it covers.",
    )

    write_off_alone_max_ore: int = Field(
        default=1_000_00, ge=0, description="Most that one caseworker writes off alone, in øre; above it two decide."
    )

    retention_years: int = Field(
        default=5, ge=0, le=50, description="Years after that of a case's closing in which its debtor is kept."
    )

    keys_file: Path | None = Field(default=None, description="Field and index keys; None: in the data folder.")
    notifications_public_key: Path | None = Field(default=None, description="None: in the data folder.")

    token_minutes: int = Field(default=15, ge=1, le=15, description="Life of a debtor's platform token.")
    webhook_private_hosts: bool | None = Field(
        default=None, description="Let webhooks go to http and to private addresses; None: as the sandbox."
    )
    webhook_timeout_s: float = Field(default=10.0, gt=0, le=30)

    id_issuer: str = Field(default="urn:inkasso:local", description="Issuer of id tokens with a pid.")
    id_issuer_jwks: Path | None = None
    id_audience: str = "inkasso-min-side"

    @model_validator(mode="after")
    def _days_follow_each_other(self) -> Self:
        if any(later >= earlier for earlier, later in pairwise(self.limitation_warning_days)):
            raise ValueError("INKASSO_LIMITATION_WARNING_DAYS: expected numbers that fall, got one that does not")
        if self.objection_decision_days < self.objection_preliminary_days:
            raise ValueError(
                "INKASSO_OBJECTION_DECISION_DAYS: expected no fewer than to the preliminary answer, got fewer"
            )
        return self

    @property
    def key_file(self) -> Path:
        """File of the field keys and the index key."""
        return self.keys_file or self.keys_dir / KEY_FILE

    @property
    def private_hosts(self) -> bool:
        """Whether webhooks may go to plain http and to private addresses."""
        return self.sandbox if self.webhook_private_hosts is None else self.webhook_private_hosts

    @property
    def sealing_key_file(self) -> Path:
        """File of the public key that seals to notifications."""
        return self.notifications_public_key or self.keys_dir / f"{NOTIFICATIONS}.pub"
