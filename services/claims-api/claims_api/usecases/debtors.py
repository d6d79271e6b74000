"""Finding or creating the debtors of a claim, and the record of each that the ``parties`` topic shows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from claims_api.deps import Deps
from claims_api.domain.new_claim import NewDebtor, NewRepresentative, PostalAddress
from claims_api.store import debtors
from claims_api.store.debtors import Debtor
from claims_api.store.sealed import DEBTOR_ID, REPRESENTATIVE_ID
from shared.clock import Clock
from shared.events import Envelope, encode
from shared.events.claims import Address, PartyState
from shared.ids import derived
from shared.party import check_national_id
from shared.uow import Uow

_STRICTNESS = {"none": 0, "confidential": 1, "strictly_confidential": 2}
PARTIES = "parties"


@dataclass(frozen=True, slots=True)
class Parties:
    """Who some claims are about: each debtor as it now is, in the order asked.

    ``created`` are the references of those who are new, ``acting`` says who acts for whom.
    """

    debtors: Sequence[Debtor]
    created: frozenset[str]
    acting: Mapping[str, NewRepresentative]


def ensure_debtors(uow: Uow, deps: Deps, wanted: Sequence[NewDebtor]) -> Parties:
    """Return the debtors as they now are, created or brought up to date, and locked.

    A person is found by the blind index of the national id, a business by its organisation number. Someone without a
    number is always new: two foreign patients of one name are two people until a person says otherwise.
    """
    numbers = [_number(deps, who) for who in wanted]
    known = _lock_known(uow.tx, wanted, numbers)
    new: dict[int, Debtor] = {}
    for at, (who, number) in enumerate(zip(wanted, numbers, strict=True)):
        if number is None or number not in known:
            new[at] = _new_debtor(uow, deps, who)
            if number is not None:
                known[number] = new[at]
    _store(uow, wanted, numbers, new, known)
    refs = [(known[number] if number else new[at]).debtor_ref for at, number in enumerate(numbers)]
    created = {new[at].debtor_ref: at for at in new if refs[at] == new[at].debtor_ref}
    now = {debtor.debtor_ref: debtor for debtor in (*known.values(), *new.values())}
    acting = _acting(uow.tx, deps, set(refs) - created.keys())
    _bring_up_to_date(uow, deps, wanted, refs, created, now, acting)
    return Parties([now[ref] for ref in refs], frozenset(created), acting)


def _number(deps: Deps, who: NewDebtor) -> str | None:
    """Return what a party is found by: the blind index of a national id, or an organisation number."""
    if who.national_id is None:
        return who.org_number
    return deps.vault.index_of(who.national_id, domain=debtors.ID_DOMAIN)


def _lock_known(tx: Connection, wanted: Sequence[NewDebtor], numbers: Sequence[str | None]) -> dict[str, Debtor]:
    people = {number for who, number in zip(wanted, numbers, strict=True) if number and who.national_id is not None}
    return debtors.lock_by_numbers(tx, people, {number for number in numbers if number} - people)


def _store(
    uow: Uow,
    wanted: Sequence[NewDebtor],
    numbers: Sequence[str | None],
    new: Mapping[int, Debtor],
    known: dict[str, Debtor],
) -> None:
    """Store new debtors. Where another transaction stored a number first, whoever has it now is who is meant.

    They go in the order of their numbers: two that bring the same people wait for one another, never in a circle.
    """
    in_order = sorted(new.items(), key=lambda one: numbers[one[0]] or "")
    rows = [(debtor, numbers[at] if wanted[at].national_id is not None else None) for at, debtor in in_order]
    if debtors.insert_debtors(uow.tx, rows) < len(rows):
        known |= _lock_known(uow.tx, [wanted[at] for at in new], [numbers[at] for at in new])


def _bring_up_to_date(
    uow: Uow,
    deps: Deps,
    wanted: Sequence[NewDebtor],
    refs: Sequence[str],
    created: Mapping[str, int],
    now: dict[str, Debtor],
    acting: dict[str, NewRepresentative],
) -> None:
    """Store what the units know newer of those who are known, and say whose record is new or changed."""
    changed: dict[str, dict[str, Any]] = {}
    for at, (ref, who) in enumerate(zip(refs, wanted, strict=True)):
        changes = {} if created.get(ref) == at else _changes(now[ref], who)
        if _put_representative(uow, deps, ref, who.representative, acting) or changes:
            changed.setdefault(ref, {}).update(changes)
            now[ref] = replace(now[ref], **changes)
    for ref, changes in sorted(changed.items()):
        debtors.update_debtor(uow, ref, changes)
        now[ref] = replace(now[ref], version=now[ref].version + 1)
    for ref in sorted({*created, *changed}):
        uow.state(PARTIES, ref)


def find_person(tx: Connection, deps: Deps, national_id: str) -> str | None:
    """Return the reference of the person with this national id, or None."""
    return debtors.find_by_national_id(tx, deps.vault, national_id)


def party_states(
    tx: Connection, deps: Deps, source: str, clock: Clock, keys: Sequence[str]
) -> dict[str, tuple[Mapping[str, str], bytes | None]]:
    """Return headers and value of each debtor's record for the ``parties`` topic; a value of None erases.

    A protected address is never in it. The national id is sealed to notifications.
    """
    found: dict[str, tuple[Mapping[str, str], bytes | None]] = {}
    for ref, debtor in debtors.find_debtors(tx, keys).items():
        envelope = Envelope(
            event_id=derived(ref, PARTIES, debtor.version),
            type=PartyState.TYPE,
            source=source,
            time=clock.now(),
            aggregate=ref,
            version=debtor.version,
        )
        value = None if debtor.erased_at else encode(_party_state(tx, deps, debtor))
        found[ref] = (envelope.headers(), value)
    return found


def _party_state(tx: Connection, deps: Deps, debtor: Debtor) -> PartyState:
    sealed = None
    if debtor.id_sealed is not None and debtor.id_key is not None:
        place = DEBTOR_ID.place(debtor.debtor_ref)
        national_id = deps.vault.open_field(debtor.id_sealed, debtor.id_key, place=place)
        sealed = deps.vault.seal_for_notifications(national_id, context=debtor.debtor_ref)
    shown = debtor.address if debtor.protection == "none" else None
    acting = debtors.representative_of(tx, debtor.debtor_ref)
    state: dict[str, Any] = {
        "debtor_ref": debtor.debtor_ref,
        "kind": debtor.kind,
        "name": debtor.name,
        "address": Address(**shown) if shown else None,
        "language": debtor.language,
        "sealed_national_id": sealed,
        "org_number": debtor.org_number,
        "protection": debtor.protection,
    }
    if acting is not None:
        state["representative"] = {"kind": acting["kind"], "name": acting["name"], "address": acting["address"]}
    return PartyState.model_validate(state)


def _new_debtor(uow: Uow, deps: Deps, who: NewDebtor) -> Debtor:
    ref = uow.new_id("debtor")
    sealed, birth_date = None, who.birth_date
    if who.national_id is not None:
        sealed = deps.vault.seal_field(who.national_id, place=DEBTOR_ID.place(ref))
        told = check_national_id(who.national_id, allow_synthetic=deps.settings.synthetic_ids).birth_date
        birth_date = birth_date or told
    return Debtor(
        debtor_ref=ref,
        kind=who.kind,
        id_sealed=sealed.data if sealed else None,
        id_key=sealed.key_id if sealed else None,
        org_number=who.org_number,
        birth_date=birth_date,
        name=who.name,
        address=who.address.as_json() if who.address else None,
        language=who.language or "nb",
        protection=who.protection,
        version=1,
        created_at=uow.now,
        changed_at=uow.now,
        erased_at=None,
    )


def _changes(known: Debtor, who: NewDebtor) -> dict[str, Any]:
    """Return what a unit knows newer; protection only ever grows stricter by what a unit says."""
    changes: dict[str, Any] = {}
    if who.name != known.name:
        changes["name"] = who.name
    address = who.address.as_json() if who.address else None
    if address is not None and address != known.address:
        changes["address"] = address
    if who.language is not None and who.language != known.language:
        changes["language"] = who.language
    if _STRICTNESS[who.protection] > _STRICTNESS[known.protection]:
        changes["protection"] = who.protection
    if who.birth_date is not None and known.birth_date is None:
        changes["birth_date"] = who.birth_date
    return changes


def _acting(tx: Connection, deps: Deps, refs: Collection[str]) -> dict[str, NewRepresentative]:
    found = {}
    for ref, row in debtors.representatives_of(tx, refs).items():
        sealed, place = row["id_sealed"], REPRESENTATIVE_ID.place(ref)
        found[ref] = NewRepresentative(
            kind=row["kind"],
            name=row["name"],
            national_id=None if sealed is None else deps.vault.open_field(sealed, row["id_key"], place=place),
            org_number=row["org_number"],
            address=None if row["address"] is None else PostalAddress(**row["address"]),
        )
    return found


def _put_representative(
    uow: Uow, deps: Deps, debtor_ref: str, who: NewRepresentative | None, acting: dict[str, NewRepresentative]
) -> bool:
    """Store who acts for the debtor; tells whether that is news."""
    if who is None or acting.get(debtor_ref) == who:
        return False
    place = REPRESENTATIVE_ID.place(debtor_ref)
    sealed = deps.vault.seal_field(who.national_id, place=place) if who.national_id else None
    debtors.put_representative(uow, debtor_ref, who, sealed)
    acting[debtor_ref] = who
    return True
