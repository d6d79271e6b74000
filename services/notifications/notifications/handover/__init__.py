"""Ways a legal package reaches its body: what an office must do, and how it answers.

Handing over is asked for at least once and must happen at most once: the package's id is the key, its files are the
same bytes each time. A manual export says ``Exported``: a caseworker hands it in and records that in escalation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of a package, with its SHA-256 in hexadecimal."""

    name: str
    media_type: str
    content: bytes
    sha256: str

    def __repr__(self) -> str:
        return f"File(name={self.name!r}, sha256={self.sha256!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package as it is handed over; ``folder`` is the name it goes by, the lead case's legal step."""

    package_id: str
    folder: str
    body: str
    address: tuple[str, ...]
    files: tuple[File, ...]


@dataclass(frozen=True, slots=True)
class Exported:
    """The package lies ready for a person to hand in."""


@dataclass(frozen=True, slots=True)
class HandedIn:
    """The body has the package, since ``on``, under its own ``reference``."""

    on: date
    reference: str


@dataclass(frozen=True, slots=True)
class RetryLater:
    """A passing fault: ask again later. ``reason`` is a stable code."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The body will not take this package; ``reason`` is a stable code without personal data."""

    reason: str


Answer = Exported | HandedIn | RetryLater | Refused


class Office(Protocol):
    """One way of handing packages over."""

    @property
    def name(self) -> str:
        """The name in events and lists."""
        ...

    def hand_over(self, package: Package) -> Answer:
        """Take a package; the same package id twice is one package."""
        ...

    def take_back(self, folder: str) -> bool:
        """Take back what no body has yet; False when it cannot be done now and should be asked again."""
        ...
