"""What must be in order before a legal step goes to its body: the rules that can be checked at home.

Names follow the rules of the enforcement authorities' intake where they have one (ELAN), so that whoever gets a
refusal from there finds it here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from escalation.domain import deadlines
from escalation.domain.policy import Book
from escalation.domain.state import Claim

COERCIVE_FINE = "coercive_fine"
"""Enforceable by the decision itself (tvangsfullbyrdelsesloven § 7-2 d), other claims by the letter (f)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One rule for one claim (or, with ``claim_id`` None, for the step): whether it holds, and why it must."""

    rule: str
    claim_id: str | None
    holds: bool
    detail: str
    law: str


def basis(claims: Sequence[Claim]) -> str:
    """Return the kind of tvangsgrunnlag these claims rest on: claims of two kinds cannot share a petition."""
    if any(claim.judged_on is not None for claim in claims):
        return "judgment"
    return "decision" if any(claim.claim_type == COERCIVE_FINE for claim in claims) else "letter"


def checks(book: Book, claims: Sequence[Claim], kind: str, today: date) -> list[Check]:
    """Return every check of a legal step of ``kind`` (utlegg, complaint) on these claims, the failed ones included."""
    found = [check for claim in claims for check in _of_claim(book, claim, kind, today)]
    judged = {claim.judged_on is not None for claim in claims}
    found.append(
        Check(
            rule="KRAV_I_FLERE_TVANGSGRUNNLAG",
            claim_id=None,
            holds=len(judged) == 1,
            detail="krav med og uten dom kan ikke stå i samme begjæring",
            law="tvangsfullbyrdelsesloven § 7-4",
        )
    )
    return found


def _of_claim(book: Book, claim: Claim, kind: str, today: date) -> list[Check]:
    found = [
        Check(
            rule="KRAV_I_BERO",
            claim_id=claim.claim_id,
            holds=not claim.holds,
            detail="kravet må ikke være stanset",
            law="inkassoloven § 8",
        )
    ]
    if claim.notice is not None and claim.notice.step_id is None and claim.judged_on is None:
        found.append(
            Check(
                rule="VARSEL_KOPI_MANGLER",
                claim_id=claim.claim_id,
                holds=claim.notice_document_id is not None,
                detail="kopien av inkassovarselet som kreditor selv sendte må være lagt ved",
                law="inkassoloven §§ 9 og 11",
            )
        )
    if claim.past_letters or claim.contested_part:
        found += _of_dispute(book, claim, kind, today)
    if not claim.past_letters:
        found += _of_letters(book, claim, kind, today)
    return found


def _of_dispute(book: Book, claim: Claim, kind: str, today: date) -> list[Check]:
    found = []
    if claim.judged_on is None:
        found.append(
            Check(
                rule="BESTRIDT_KRAV",
                claim_id=claim.claim_id,
                holds=kind == "complaint" or claim.dispute_body == "unit",
                detail="et omtvistet krav hører til tvisteorganet, ikke til namsmannen",
                law="inkassoloven § 12, tvangsfullbyrdelsesloven § 7-2 f",
            )
        )
    if kind == "utlegg" and claim.past_letters:
        found += _of_enforcement_notice(book, claim, today)
    return found


def _of_enforcement_notice(book: Book, claim: Claim, today: date) -> list[Check]:
    """A decision or judgment is enforced on a notice of its own, two weeks old and at most a year past that."""
    policy = book.policy(claim.claim_type, claim.creditor_unit)
    notice = claim.enforcement_notice
    ripe = notice is not None and today >= deadlines.enforcement_ready(notice, policy).value
    young = notice is None or today <= deadlines.enforceable_to(notice.sent_on, policy).value
    return [
        Check(
            rule="PARAGRAF_4_18_VARSEL_PAAKREVET",
            claim_id=claim.claim_id,
            holds=ripe,
            detail="varsel om tvangsfullbyrdelse må være sendt, og to uker og fristen i det må være ute",
            law="tvangsfullbyrdelsesloven § 4-18",
        ),
        Check(
            rule="PARAGRAF_4_19_VARSEL_PAAKREVET",
            claim_id=claim.claim_id,
            holds=young,
            detail="mer enn ett år etter at det kunne begjæres må det varsles på nytt",
            law="tvangsfullbyrdelsesloven § 4-19",
        ),
    ]


def _of_letters(book: Book, claim: Claim, kind: str, today: date) -> list[Check]:
    policy = book.policy(claim.claim_type, claim.creditor_unit)
    demand = claim.demand
    sent = demand is not None
    over = demand is not None and today >= deadlines.legal_ready(demand.deadline, policy).value
    young = demand is not None and today <= deadlines.usable_to(demand.sent_on, policy).value
    warned = demand is not None and today >= demand.sent_on + timedelta(days=policy.enforcement_notice_days)

    def check(rule: str, holds: bool, detail: str, law: str) -> Check:
        return Check(rule=rule, claim_id=claim.claim_id, holds=holds, detail=detail, law=law)

    found = [
        check("BETALINGSOPPFORDRING_MANGLER", sent, "betalingsoppfordring må være sendt", "inkassoloven § 11"),
        check("FRIST_LOEPER", over, "fristen med bankdager må være ute", "inkassoloven § 11"),
        check("BETALINGSOPPFORDRING_FOR_GAMMEL", young, "den kan brukes i seks måneder", "inkassoloven § 11"),
    ]
    if kind == "utlegg":
        found.append(
            check(
                "PARAGRAF_4_18_VARSEL_PAAKREVET",
                warned,
                "to uker må være gått siden varselet i betalingsoppfordringen ble sendt",
                "tvangsfullbyrdelsesloven § 4-18",
            )
        )
    return found
