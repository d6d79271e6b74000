"""What notifications tells of a legal step's papers: ready to be handed in, handed in electronically, or not made.

It is told on the lead case's key and names every legal step of the petition; the other cases' steps are found by id. A
step that fell away meanwhile keeps no word of its papers, but for papers that its body had taken already: those a
caseworker has to take back from it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from escalation.domain.policy import Book
from escalation.store import cases, legal
from escalation.store.legal import LegalStep
from escalation.usecases.legal_steps import submit
from shared.errors import Conflict, Park, Reject
from shared.events import Event
from shared.events.notifications import PackageAssembled, PackageFailed, PackageSubmitted
from shared.inbox import Handler
from shared.uow import Uow

TAKEN_TOO_LATE = "taken_by_the_body"
"""Its body had the papers before it could be told that the step had fallen away."""

Told = PackageAssembled | PackageFailed | PackageSubmitted
Apply = Callable[[Uow, Book, Told, Sequence[LegalStep]], None]

log = logging.getLogger(__name__)


def handler(book: Book, apply: Apply) -> Handler:
    """Make the handler of one kind: every case of the batch's petitions is locked first, in one order."""

    def handle(uow: Uow, events: Sequence[Event]) -> None:
        told = [cast(Told, event.payload) for event in events]
        steps = legal.find_all(uow.tx, [name for one in told for name in one.legal_step_ids])
        cases.lock(uow.tx, [step.case_id for step in steps.values()])
        for one in told:
            apply(uow, book, one, _about(one, steps))

    return handle


def _about(told: Told, steps: Mapping[str, LegalStep]) -> list[LegalStep]:
    if unknown := [name for name in told.legal_step_ids if name not in steps]:
        raise Park("unknown_legal_step", f"package {told.package_id}: no legal step {unknown[0]}")
    return [steps[name] for name in told.legal_step_ids]


def assembled(uow: Uow, book: Book, told: Told, steps: Sequence[LegalStep]) -> None:
    """The papers lie ready (package.assembled): an approved step may be handed in from now on."""
    ready = cast(PackageAssembled, told)
    for step in steps:
        legal.move(
            uow.tx, step.legal_step_id, ["approved"], "approved",
            package_ready_on=ready.assembled_on, package_failure=None,
        )  # fmt: skip


def failed(uow: Uow, book: Book, told: Told, steps: Sequence[LegalStep]) -> None:
    """The papers could not be made, or were refused (package.failed): a caseworker takes the step back, or mends it."""
    why = cast(PackageFailed, told)
    for step in steps:
        legal.move(
            uow.tx, step.legal_step_id, ["approved"], "approved", package_ready_on=None, package_failure=why.reason
        )


def submitted(uow: Uow, book: Book, told: Told, steps: Sequence[LegalStep]) -> None:
    """The body took the papers electronically (package.submitted): its turn, as when they are handed in by hand.

    Raises Park for a day that cannot be.
    """
    taken = cast(PackageSubmitted, told)
    now = legal.find_all(uow.tx, [step.legal_step_id for step in steps])
    approved = [step for step in now.values() if step.state == "approved"]
    if approved:
        try:
            submit(
                uow, book, approved[0].legal_step_id,
                submitted_on=taken.submitted_on, reference=taken.reference, own_papers=True,
            )  # fmt: skip
        except (Conflict, Reject) as wrong:
            raise Park("submission", f"package {taken.package_id}: {wrong}") from wrong
    for step in now.values():
        if step.state == "dropped":
            log.error("a package was taken by its body after its legal step had fallen away: take it back")
            facts = {"package_failure": TAKEN_TOO_LATE, "reference": taken.reference}
            legal.move(uow.tx, step.legal_step_id, ["dropped"], "dropped", **facts)
