"""Settings of claims-api: the collector's name and account, how interest runs, and where the keys lie."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field

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
    act_2026_from: date | None = Field(default=None, description="First day of the act of 22 May 2026; None: not yet.")

    deadline_days: int = Field(
        default=14, ge=14, le=60, description="Days from the planned dispatch to the printed deadline; 21 with print."
    )

    keys_file: Path | None = Field(default=None, description="Field and index keys; None: in the data folder.")
    notifications_public_key: Path | None = Field(default=None, description="None: in the data folder.")

    token_minutes: int = Field(default=15, ge=1, le=15, description="Life of a debtor's platform token.")
    id_issuer: str = Field(default="urn:inkasso:local", description="Issuer of id tokens with a pid.")
    id_issuer_jwks: Path | None = None
    id_audience: str = "inkasso-min-side"

    @property
    def key_file(self) -> Path:
        """File of the field keys and the index key."""
        return self.keys_file or self.keys_dir / KEY_FILE

    @property
    def sealing_key_file(self) -> Path:
        """File of the public key that seals to notifications."""
        return self.notifications_public_key or self.keys_dir / f"{NOTIFICATIONS}.pub"
