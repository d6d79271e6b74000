"""Where new claims go: the open case of their debtor, unit and merge group, or a new one (decisions B1)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from claims_api.domain.new_claim import Creditor
from claims_api.store import cases
from claims_api.store.cases import Case, CaseKey
from claims_api.store.serials import take_serials
from shared.kid import KidKind, make_kid
from shared.uow import Uow
from shared.values import value


@value
class Place:
    """A claim's place: its case, locked, and its own KID. ``opened``: this claim opens the case."""

    case: Case
    kid: str
    opened: bool


def place_claims(uow: Uow, wanted: Sequence[tuple[CaseKey, Creditor]], *, new_debtors: Collection[str]) -> list[Place]:
    """Return a place for each claim; claims of one key share a case.

    The caller holds the debtors' locks, and keeps the KIDs. Debtors that are new in this transaction have no case.
    """
    keys = {key for key, _ in wanted}
    joinable = cases.lock_joinable(uow, {key for key in keys if key.debtor_ref not in new_debtors})
    allotment = _Allotment(
        uow=uow,
        current={key: case for key, (case, _) in joinable.items()},
        sequences={case.case_id: reached for case, reached in joinable.values()},
    )
    allotment.reserve(len(keys - joinable.keys()))
    places = [allotment.place(key, creditor) for key, creditor in wanted]
    cases.join_cases(uow, [case for case, _ in joinable.values()], allotment.sequences)
    cases.insert_cases(uow, allotment.opened, allotment.sequences)
    return places


@dataclass(slots=True)
class _Allotment:
    """The cases that a group of claims goes to, and the KID sequence each has reached."""

    uow: Uow
    current: dict[CaseKey, Case]
    sequences: dict[str, int]
    serials: list[int] = field(default_factory=list)
    opened: list[Case] = field(default_factory=list)

    def reserve(self, count: int) -> None:
        if count:
            self.serials = list(take_serials(self.uow, count))[::-1]

    def place(self, key: CaseKey, creditor: Creditor) -> Place:
        case, opened = self.current.get(key), False
        if case is None or self.sequences[case.case_id] >= cases.SEQUENCE_FULL:
            case, opened = self._open(key, creditor), True
        self.sequences[case.case_id] += 1
        kid = make_kid(KidKind.CLAIM, case.case_number, self.sequences[case.case_id])
        return Place(case=case, kid=kid, opened=opened)

    def _open(self, key: CaseKey, creditor: Creditor) -> Case:
        if not self.serials:
            self.reserve(1)  # a case was full, and its claims go on in another
        case = cases.new_case(self.uow, key, legal_person=creditor.legal_person, serial=self.serials.pop())
        self.current[key] = case
        self.sequences[case.case_id] = 0
        self.opened.append(case)
        return case
