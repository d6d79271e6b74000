"""Settings of the embedded profile: where it listens, beside what every service shares."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from shared.settings import BaseServiceSettings

SAMPLE_CREDITORS = Path(__file__).parent / "creditors.toml"


class EmbeddedSettings(BaseServiceSettings):
    """What the one process needs to know. ``port`` 0 takes a free one and writes it to ``server.json``."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)
    creditors: Path | None = Field(default=None, description="Creditors file of the first start; None: the sample.")

    @model_validator(mode="after")
    def _one_file_per_service(self) -> Self:
        if self.profile != "embedded":
            raise ValueError("INKASSO_PROFILE: expected embedded here, got another")
        if self.database_url is not None:
            raise ValueError(
                "INKASSO_DATABASE_URL: expected none in the embedded profile (one file per service), got one"
            )
        return self

    @property
    def first_creditors(self) -> Path | None:
        """The creditors file of the first start; outside the sandbox there is none unless it is configured."""
        return self.creditors or (SAMPLE_CREDITORS if self.sandbox else None)

    @property
    def server_file(self) -> Path:
        """Where a running server says which address it has."""
        return self.data_dir / "server.json"
