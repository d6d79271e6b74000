"""Ways a letter reaches a person: what a channel must do, and how it answers.

A channel is asked at least once and must deliver at most once. The flow writes ``submitting`` with the day before it
calls ``submit``; when it cannot know what became of a call it asks ``find`` about that letter and day, and submits
again only when the channel says that it has nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A letter as it is handed over. ``submitted_on`` is the business day; the id is the channel's idempotency key."""

    letter_id: str
    submitted_on: date
    kind: str
    case_number: str
    pdf: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Sent:
    """The channel took the letter. ``sent_on``: the day it counts as sent; None: it will say so through ``find``.

    ``receipt`` is what the channel gives as proof of it, as JSON; it is kept and shown as it came.
    """

    sent_on: date | None
    receipt: Mapping[str, Any] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The channel had this letter already; as good as sent."""

    sent_on: date | None
    receipt: Mapping[str, Any] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class RetryLater:
    """A passing fault, or nobody knows: ask again later. ``reason`` is a stable code."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The channel will never take this letter; ``reason`` is a stable code without personal data."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotThere:
    """The channel never got the letter."""


Submitted = Sent | Duplicate | RetryLater | Refused
Found = Sent | NotThere | RetryLater
Outcome = Submitted | NotThere


class Channel(Protocol):
    """One way of sending letters."""

    @property
    def name(self) -> str:
        """The name in events, receipts and metrics."""
        ...

    def submit(self, parcel: Parcel) -> Submitted:
        """Take a letter; the same letter id twice is one letter."""
        ...

    def find(self, letter_id: str, submitted_on: date) -> Found:
        """Say what became of a letter that was submitted on a day, or may have been."""
        ...


Channels = Mapping[str, Channel]
