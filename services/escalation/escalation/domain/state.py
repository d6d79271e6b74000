"""What escalation knows of a claim and its case: stage, letters, holds, what was asked for. Immutable values."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from shared.errors import InkassoError
from shared.values import value


class DemandKind(StrEnum):
    """The letters of the ladder: inkassovarsel and betalingsoppfordring (inkassoloven §§ 9, 10), and a notice of
    enforcement alone (tvangsfullbyrdelsesloven § 4-18) where no betalingsoppfordring gave it."""

    NOTICE = "inkassovarsel"
    DEMAND = "betalingsoppfordring"
    WARNING = "tvangsvarsel"


class UnknownClaim(InkassoError):
    """Something was said about a claim that this case does not have."""

    def __init__(self, case_id: str, claim_id: str) -> None:
        super().__init__(f"case {case_id}: no claim {claim_id}")


@value
class Letter:
    """A letter that counts as sent. ``step_id`` None: the unit sent it itself before handing the claim over.

    ``sent_on`` is the first recipient's, so that what it allows expires early; ``deadline`` the last recipient's.
    """

    step_id: str | None
    sent_on: date
    deadline: date


@value
class OpenStep:
    """A step that was asked for and whose letter does not count as sent yet."""

    step_id: str
    kind: DemandKind
    asked_on: date
    dispatched: bool = False


@value
class Hold:
    """A standstill (stans) that claims-api placed on the claim."""

    hold_id: str
    reason: str
    placed_on: date
    until: date | None = None


@value
class Claim:
    """One claim (krav) on its ladder.

    ``resumed_on``: a hold's end or a reopening, from which readiness counts; ``not_before``: a passing obstacle, the
    day the step is tried again; ``waiting_for``: why a step was refused without such a day. ``notices``, ``demands``,
    ``warnings`` and ``proposals`` count what was asked for and proposed, so that no two carry the same number.
    ``notice_document_id`` is the copy of a varsel that the unit sent itself; a ``warning`` is a notice of enforcement
    alone, and one given before a judgment is not about it. ``contested``: a rejected objection is stood by;
    ``contested_part``: one to a part of the claim. ``judged_on``: a court has decided. ``instalment_days``: when a
    payment plan's instalments fall due.
    """

    claim_id: str
    claim_type: str
    creditor_unit: str
    dispute_body: str
    due_date: date
    registered_on: date
    stage: str
    notice: Letter | None = None
    notice_document_id: str | None = None
    demand: Letter | None = None
    warning: Letter | None = None
    step: OpenStep | None = None
    holds: tuple[Hold, ...] = ()
    resumed_on: date | None = None
    not_before: date | None = None
    waiting_for: str | None = None
    notices: int = 0
    demands: int = 0
    warnings: int = 0
    proposals: int = 0
    contested: bool = False
    contested_part: bool = False
    judged_on: date | None = None
    instalment_days: tuple[date, ...] = ()
    review_on: date | None = None
    legal_step_id: str | None = None

    @property
    def past_letters(self) -> bool:
        """Whether what follows rests on an objection or a judgment, not on letters (inkassoloven § 12)."""
        return self.contested or self.judged_on is not None

    def asked(self, kind: DemandKind) -> int:
        """Return how many steps of this kind have been asked for."""
        if kind is DemandKind.WARNING:
            return self.warnings
        return self.notices if kind is DemandKind.NOTICE else self.demands

    @property
    def enforcement_notice(self) -> Letter | None:
        """The latest letter that gave notice of enforcement for what the claim rests on now, None when there is none.

        A betalingsoppfordring gives it too, but not of a judgment that came later.
        """
        given = (self.warning,) if self.judged_on is not None else (self.warning, self.demand)
        return max((one for one in given if one is not None), key=lambda one: one.sent_on, default=None)


@value
class Case:
    """One case (sak). ``demanded_on``: the last day a demand was asked for or dispatched."""

    case_id: str
    claims: tuple[Claim, ...] = ()
    demanded_on: date | None = None

    def claim(self, claim_id: str) -> Claim:
        """Return the claim; raises UnknownClaim."""
        for claim in self.claims:
            if claim.claim_id == claim_id:
                return claim
        raise UnknownClaim(self.case_id, claim_id)

    def with_claims(self, changed: Iterable[Claim], demanded_on: date | None = None) -> Case:
        """Return the case with these claims in place of the ones of the same id, and a demand on that day if given."""
        new = {claim.claim_id: claim for claim in changed}
        return Case(
            case_id=self.case_id,
            claims=tuple([new.get(claim.claim_id, claim) for claim in self.claims]),
            demanded_on=demanded_on or self.demanded_on,
        )
