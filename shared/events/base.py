"""What every event payload has in common, and the field types they share."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

PREFIX = "no.kommune.innkreving"

Ore = Annotated[int, Field(description="Amount in øre (NOK/100).", ge=-(10**12), le=10**12)]
PositiveOre = Annotated[int, Field(description="Amount in øre (NOK/100), above zero.", gt=0, le=10**12)]
Ident = Annotated[str, Field(min_length=1, max_length=80)]
Day = Annotated[date, Field(description="Legal day in Europe/Oslo.")]


class Payload(BaseModel):
    """An event's data. Consumers ignore fields they do not know; within a version only optional fields are added."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    TYPE: ClassVar[str]
    TOPIC: ClassVar[str]


class Part(BaseModel):
    """A piece of a payload."""

    model_config = ConfigDict(frozen=True, extra="ignore")
