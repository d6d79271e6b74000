"""Legal packages as they come and go: planned when a petition is frozen, made, handed over, taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from notifications.domain.states import PackageState, retry_delay_s
from notifications.handover import Answer, HandedIn, Refused, RetryLater
from notifications.handover import Package as Parcel
from notifications.store import packages as store
from notifications.store.packages import Package
from shared.errors import Park
from shared.events import Event
from shared.events.escalation import LegalStepDropped, LegalStepSubmitted
from shared.events.legal import PetitionDeclined, PetitionFrozen
from shared.events.notifications import PackageAssembled, PackageFailed, PackageSubmitted
from shared.uow import Uow

STANDING = frozenset({PackageState.PLANNED, PackageState.ASSEMBLED})
"""States in which no body has the package yet."""

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What making and handing over one package gave: the parcel and the office's answer, or why there is none."""

    package: Package
    parcel: Parcel | None = None
    answer: Answer | None = None
    failure: str | None = None
    office: str = ""


def plan_packages(uow: Uow, events: Sequence[Event]) -> None:
    """Plan the packages of frozen petitions (petition.frozen); one whose legal step fell away already is withdrawn."""
    frozen = [cast(PetitionFrozen, event.payload) for event in events]
    rows: list[dict[str, Any]] = []
    parties: list[dict[str, Any]] = []
    package_of: dict[str, str] = {}
    for one in frozen:
        if not one.legal_step_ids or not one.parties:
            raise Park("petition_incomplete", f"petition {one.petition_id}: expected legal steps and parties")
        rows.append(_row(uow, one))
        parties += [
            {"package_id": one.petition_id, "debtor_ref": who.debtor_ref, "party_version": who.party_version}
            for who in one.parties
        ]
        package_of |= dict.fromkeys(one.legal_step_ids, one.petition_id)
    store.add(uow.tx, rows, parties)
    store.put_steps(uow.tx, package_of)
    _withdraw(uow, {step: reason for step, (_, reason) in store.steps(uow.tx, package_of).items() if reason})


def drop(uow: Uow, events: Sequence[Event]) -> None:
    """A legal step fell away (legal_step.dropped, petition.declined): its package goes to no body."""
    reasons = {}
    for event in events:
        told = cast(LegalStepDropped | PetitionDeclined, event.payload)
        reasons[told.legal_step_id] = told.reason
    store.drop_steps(uow.tx, reasons)
    _withdraw(uow, reasons)


def note_submitted(uow: Uow, events: Sequence[Event]) -> None:
    """A legal step was handed in (legal_step.submitted): its package is with its body since that day."""
    told = {step.legal_step_id: step for step in (cast(LegalStepSubmitted, event.payload) for event in events)}
    package_of = {step: package for step, (package, _) in store.steps(uow.tx, told).items() if package}
    locked = store.lock(uow.tx, package_of.values())
    for legal_step_id, package_id in sorted(package_of.items()):
        if locked[package_id].state in STANDING:
            values = {"submitted_on": told[legal_step_id].submitted_on, "ended_at": uow.now}
            store.change(uow.tx, [package_id], state=PackageState.SUBMITTED.value, **values)


def record_made(uow: Uow, made: Sequence[Made]) -> int:
    """Write down what became of packages that were made, and publish it; returns how many moved on.

    One that was withdrawn meanwhile is taken back again.
    """
    locked = store.lock(uow.tx, (one.package.package_id for one in made))
    moved = 0
    for one in made:
        package = locked[one.package.package_id]
        if package.state is PackageState.WITHDRAWN:
            store.change(uow.tx, [package.package_id], taken_back=False)
        elif package.state is PackageState.PLANNED:
            moved += _record(uow, package, one)
    return moved


def record_taken_back(uow: Uow, package_ids: Sequence[str]) -> None:
    """Write down that these withdrawn packages are gone from where they were handed over."""
    store.change(uow.tx, package_ids, taken_back=True)


def _record(uow: Uow, package: Package, one: Made) -> int:
    answer, parcel = one.answer, one.parcel
    if isinstance(answer, RetryLater):
        at = uow.machine.now() + timedelta(seconds=retry_delay_s(package.attempts + 1))
        store.change(uow.tx, [package.package_id], attempts=package.attempts + 1, retry_at=at)
        return 0
    failure = answer.reason if isinstance(answer, Refused) else one.failure
    if failure is not None or parcel is None:
        values = {"failure": failure or "package_failed", "ended_at": uow.now}
        store.change(uow.tx, [package.package_id], state=PackageState.FAILED.value, **values)
        _tell(uow, package, PackageFailed, reason=values["failure"])
        return 1
    manifest = next(file for file in parcel.files if file.name == MANIFEST)
    files = [
        {"name": f.name, "media_type": f.media_type, "bytes": len(f.content), "sha256": f.sha256} for f in parcel.files
    ]
    made = {"files": files, "sha256": manifest.sha256, "office": one.office}
    store.change(uow.tx, [package.package_id], state=PackageState.ASSEMBLED.value, **made)
    _tell(
        uow,
        package,
        PackageAssembled,
        body=package.body,
        office=one.office,
        files=len(files),
        sha256=manifest.sha256,
        assembled_on=uow.today,
    )
    if isinstance(answer, HandedIn):
        values = {"submitted_on": answer.on, "reference": answer.reference, "ended_at": uow.now}
        store.change(uow.tx, [package.package_id], state=PackageState.SUBMITTED.value, **values)
        told = {"submitted_on": answer.on, "reference": answer.reference}
        _tell(uow, package, PackageSubmitted, body=package.body, office=one.office, **told)
    return 1


def _withdraw(uow: Uow, reasons: Mapping[str, str]) -> None:
    """Withdraw the packages of these legal steps that no body has; the whole package, also of several steps."""
    package_of = {step: package for step, (package, _) in store.steps(uow.tx, reasons).items() if package}
    locked = store.lock(uow.tx, package_of.values())
    for legal_step_id, package_id in sorted(package_of.items()):
        if locked[package_id].state in STANDING:
            values = {"withdrawn_reason": reasons[legal_step_id], "ended_at": uow.now, "taken_back": False}
            store.change(uow.tx, [package_id], state=PackageState.WITHDRAWN.value, **values)


def _tell(
    uow: Uow,
    package: Package,
    kind: type[PackageAssembled] | type[PackageSubmitted] | type[PackageFailed],
    **facts: Any,
) -> None:
    payload = kind(
        package_id=package.package_id,
        case_id=package.case_id,
        legal_step_ids=package.facts["legal_step_ids"],
        **facts,
    )
    uow.emit(payload, key=package.case_id)


def _row(uow: Uow, frozen: PetitionFrozen) -> dict[str, Any]:
    return {
        "package_id": frozen.petition_id,
        "case_id": frozen.case_id,
        "legal_step_id": frozen.legal_step_ids[0],
        "kind": frozen.kind,
        "body": frozen.body,
        "state": PackageState.PLANNED.value,
        "facts": frozen.model_dump(mode="json"),
        "frozen_on": frozen.frozen_on,
        "files": [],
        "attempts": 0,
        "taken_back": False,
        "created_at": uow.now,
    }
