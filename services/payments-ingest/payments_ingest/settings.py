"""Settings of payments-ingest: which accounts are ours, how a bank day completes, and how much a file may hold."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from payments_ingest.formats import Limits
from shared.settings import BaseServiceSettings

MIB = 1024 * 1024

Completion = Literal["sandbox", "cut-off", "statement"]


class Settings(BaseServiceSettings):
    """What payments-ingest needs to know. The account is the sample municipality's (design §1)."""

    accounts: tuple[str, ...] = Field(default=("13150101837",), description="Our accounts, eleven digits each (BBAN).")
    bank_day_completion: Completion | None = Field(
        default=None, description="What completes a bank day; None: sandbox, statement in the cluster, else cut-off."
    )
    file_max_bytes: int = Field(default=50 * MIB, description="Largest bank file, unpacked.")
    gzip_max_bytes: int = Field(default=20 * MIB, description="Largest bank file that comes packed.")
    gzip_ratio_max: int = Field(default=100, description="How many times larger a packed file may become.")
    file_payments_max: int = Field(default=200_000, description="Most payments in one file.")
    release_batch: int = Field(default=1_000, ge=1, le=2_000, description="Payments released in one transaction.")
    inbox_settle_s: float = Field(
        default=1.0, ge=0, description="How long a dropped file lies unchanged before it is taken."
    )
    retention_years: int = Field(
        default=5, ge=0, le=50, description="Years after its own in which a voucher is kept (bokføringsloven § 13)."
    )
    refused_files_days: int = Field(
        default=90, ge=1, description="Days in which a file is kept of which nothing was booked."
    )
    payout_name: str = Field(default="Oslo kommune", description="Who pays, in outgoing payment files.")
    payout_bic: str = "DNBANOKK"
    payout_customer: str = Field(default="976819934", description="Our customer id in outgoing payment files.")
    payout_version: Literal["03", "09"] = Field(
        default="09", description="Version of pain.001.001 that the bank takes."
    )
    payout_iban: bool = Field(default=False, description="Write Norwegian accounts as IBAN in payment files.")
    payout_scheme: Literal["BBAN", "BANK"] = Field(
        default="BBAN", description="What the bank calls a Norwegian account of eleven digits."
    )

    @property
    def completion(self) -> Completion:
        """What completes a bank day here (decisions A3)."""
        if self.bank_day_completion is not None:
            return self.bank_day_completion
        if self.sandbox:
            return "sandbox"
        return "statement" if self.profile == "cluster" else "cut-off"

    @property
    def limits(self) -> Limits:
        """How much a reader accepts."""
        return Limits(bytes=self.file_max_bytes, payments=self.file_payments_max)

    @property
    def bank_dir(self) -> Path:
        """Where bank files lie: inbox, processing, archive, refused, outbox."""
        return self.data_dir / "bank"
