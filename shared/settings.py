"""Settings every service shares, from the environment (``INKASSO_…``); each service adds its own.

Two profiles. Embedded: one process on SQLite and the embedded log; with ``INKASSO_SANDBOX`` on (the default there) the
business date is moved by hand, rates are assumed onwards and synthetic ids are welcome. Cluster: PostgreSQL and Kafka;
it refuses the sandbox and everything that is only for one.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.field_errors import field_errors

PREFIX = "INKASSO_"

ASSUMED_MONTHS = 36
"""How long the last known rates hold on where they may be assumed (decisions B4)."""


class BaseServiceSettings(BaseSettings):
    """What every service needs to know of its surroundings."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    profile: Literal["embedded", "cluster"] = "embedded"
    sandbox: bool = Field(default_factory=lambda given: given.get("profile") != "cluster")
    installation: str = Field(
        default="", max_length=40, description="Travels with every event where set; another's are refused."
    )
    data_dir: Path = Path("var")
    database_url: SecretStr | None = None
    database_pool: int = Field(default=10, ge=2, le=100, description="Connections kept; as many again when busy.")
    business_date: date | None = Field(default=None, description="Where a new sandbox's business date starts.")
    assume_rates: bool | None = Field(
        default=None, description="Let the last known rates hold on; None: as the sandbox."
    )
    allow_synthetic_ids: bool | None = Field(
        default=None, description="Accept synthetic national ids; None: as the sandbox."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    issuer: str = Field(default="urn:inkasso:local", description="Who signs the tokens we accept.")
    audience: str = "inkasso"
    issuer_jwks: str | None = Field(default=None, description="File with the issuer's public keys (JWKS).")
    platform_jwks: str | None = Field(
        default=None, description="File with claims-api's public keys (JWKS): it signs debtors' tokens."
    )

    json_body_max_bytes: int = 1_000_000

    @model_validator(mode="after")
    def _cluster_is_no_sandbox(self) -> Self:
        if self.profile == "cluster" and self.sandbox:
            raise ValueError("INKASSO_SANDBOX: expected 0 in the cluster profile, got 1")
        if not self.sandbox and self.issuer == "urn:inkasso:local":
            raise ValueError("INKASSO_ISSUER: expected a configured issuer outside the sandbox, got the local one")
        return self

    @property
    def rates_assumed_months(self) -> int:
        """How many months past the last known row a rate is assumed to hold: 0 where it may not be assumed."""
        return ASSUMED_MONTHS if (self.sandbox if self.assume_rates is None else self.assume_rates) else 0

    @property
    def synthetic_ids(self) -> bool:
        """Whether synthetic national ids are accepted."""
        return self.sandbox if self.allow_synthetic_ids is None else self.allow_synthetic_ids

    def database(self, service: str) -> str:
        """Return the database URL of a service: the configured one, else its SQLite file."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{(self.data_dir / 'db' / f'{service}.db').absolute()}"

    @property
    def keys_dir(self) -> Path:
        """Where this installation's own keys lie."""
        return self.data_dir / "keys"


def settings_faults(wrong: ValidationError) -> list[str]:
    """Return what is wrong with settings, a line each, by the name of the variable; no value is repeated."""
    faults = wrong.errors(include_url=False)
    lines = zip(faults, field_errors(faults), strict=True)
    return [
        f"{PREFIX}{'_'.join(str(part) for part in fault['loc']).upper()}: {told['detail']}"
        if fault["loc"]
        # about several at once: its sentence names them
        else str(fault["msg"]).removeprefix("Value error, ")
        for fault, told in lines
    ]
