"""Settings of escalation: the ladder's file, and how fast it may go outside a sandbox."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from escalation.domain.pace import Limits
from shared.settings import BaseServiceSettings

ESCALATION = "escalation"


class Settings(BaseServiceSettings):
    """What escalation needs to know."""

    ladder_file: Path | None = Field(default=None, description="A ladder of your own; None: the one in the package.")
    letters_first_hour: int = Field(default=6, ge=0, le=23, description="First hour (Oslo) in which steps come due.")
    letters_last_hour: int = Field(default=22, ge=1, le=24, description="Hour (Oslo) from which they wait.")
    steps_per_hour_max: int = Field(default=2_000, ge=1, description="Throttle: steps asked for in an hour.")
    brake_factor: int = Field(default=3, ge=2, description="Brake: times the median of the last days.")
    brake_steps_min: int = Field(default=500, ge=1, description="Brake: never below this many steps a day.")
    brake_history_days: int = Field(default=20, ge=1, description="Brake: days with steps needed to know the usual.")
    downtime_hours_max: int = Field(default=72, ge=1, description="After a longer gap an operator confirms the clock.")

    @property
    def limits(self) -> Limits:
        """How fast steps may be asked for."""
        return Limits(
            first_hour=self.letters_first_hour,
            last_hour=self.letters_last_hour,
            steps_per_hour_max=self.steps_per_hour_max,
            brake_factor=self.brake_factor,
            brake_steps_min=self.brake_steps_min,
            brake_history_days=self.brake_history_days,
            downtime_hours_max=self.downtime_hours_max,
        )
