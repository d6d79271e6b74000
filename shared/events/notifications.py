"""Events that notifications publishes on ``notifications`` (key: case)."""

from __future__ import annotations

from typing import ClassVar

from shared.events.base import PREFIX, Day, Ident, Part, Payload


class RenderedLetter(Part):
    """One recipient's letter as it was rendered."""

    letter_id: Ident
    debtor_ref: Ident
    sha256: Ident
    pages: int


class LetterReady(Payload):
    """Every letter of a demand is rendered and archived; claims-api takes its last look."""

    TYPE: ClassVar[str] = f"{PREFIX}.letter.ready.v1"
    TOPIC: ClassVar[str] = "notifications"

    demand_id: Ident
    case_id: Ident
    letters: list[RenderedLetter]


class LetterDispatched(Payload):
    """The channel took every letter of the demand: the step is done."""

    TYPE: ClassVar[str] = f"{PREFIX}.letter.dispatched.v1"
    TOPIC: ClassVar[str] = "notifications"

    demand_id: Ident
    case_id: Ident
    channel: Ident
    dispatched_on: Day


class LetterSent(Payload):
    """One recipient's letter counts as sent on ``sent_on``; ``last`` marks the demand's last recipient."""

    TYPE: ClassVar[str] = f"{PREFIX}.letter.sent.v1"
    TOPIC: ClassVar[str] = "notifications"

    demand_id: Ident
    letter_id: Ident
    case_id: Ident
    debtor_ref: Ident
    kind: Ident
    sent_on: Day
    deadline: Day | None = None
    channel: Ident
    first: bool = True
    last: bool = True


class LetterFailed(Payload):
    """A letter could not be rendered or sent; ``reason`` is a stable code without personal data."""

    TYPE: ClassVar[str] = f"{PREFIX}.letter.failed.v1"
    TOPIC: ClassVar[str] = "notifications"

    demand_id: Ident
    letter_id: Ident
    case_id: Ident
    reason: Ident


class PackageAssembled(Payload):
    """A legal step's package is made and lies ready to be handed in; ``sha256`` is its manifest's.

    A caseworker hands in what a manual export made, and records it with the legal step.
    """

    TYPE: ClassVar[str] = f"{PREFIX}.package.assembled.v1"
    TOPIC: ClassVar[str] = "notifications"

    package_id: Ident
    case_id: Ident
    legal_step_ids: list[Ident]
    body: Ident
    office: Ident
    files: int
    sha256: Ident
    assembled_on: Day


class PackageSubmitted(Payload):
    """The body has taken the package electronically, under its own ``reference``."""

    TYPE: ClassVar[str] = f"{PREFIX}.package.submitted.v1"
    TOPIC: ClassVar[str] = "notifications"

    package_id: Ident
    case_id: Ident
    legal_step_ids: list[Ident]
    body: Ident
    office: Ident
    submitted_on: Day
    reference: Ident


class PackageFailed(Payload):
    """A package could not be made or was refused; ``reason`` is a stable code without personal data."""

    TYPE: ClassVar[str] = f"{PREFIX}.package.failed.v1"
    TOPIC: ClassVar[str] = "notifications"

    package_id: Ident
    case_id: Ident
    legal_step_ids: list[Ident]
    reason: Ident


class DocumentReceived(Payload):
    """A document was handed in, and may be named by its id (key: the document).

    By whom: a ``unit``, a debtor, or with neither the desk. ``sha256`` is its bytes'.
    """

    TYPE: ClassVar[str] = f"{PREFIX}.document.received.v1"
    TOPIC: ClassVar[str] = "notifications"

    document_id: Ident
    sha256: Ident
    size_bytes: int
    unit: Ident | None = None
    debtor_ref: Ident | None = None
    received_on: Day


EVENTS: tuple[type[Payload], ...] = (
    LetterReady,
    LetterDispatched,
    LetterSent,
    LetterFailed,
    PackageAssembled,
    PackageSubmitted,
    PackageFailed,
    DocumentReceived,
)
