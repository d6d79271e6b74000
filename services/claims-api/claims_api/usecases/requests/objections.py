"""Innsigelse: registered, frozen exactly as far as it disputes, acknowledged the same day, and given up again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from claims_api.deps import Deps
from claims_api.domain.claim_types import claim_type
from claims_api.domain.objections import (
    About,
    Rejected,
    answer_days,
    freezes_whole,
    heard_by,
    in_time,
    same_ground,
)
from claims_api.domain.requests import Move, RequestKind
from claims_api.store import claims, requests
from claims_api.store.cases import Case
from claims_api.store.claims import Claim
from claims_api.store.requests import Request
from claims_api.usecases.balance import claim_balances
from claims_api.usecases.payments import settle_case
from claims_api.usecases.requests import asking
from claims_api.usecases.requests.acknowledging import judged
from claims_api.usecases.requests.asking import Asker, Held
from claims_api.usecases.requests.freezing import freeze, let_go, set_status_again
from claims_api.usecases.requests.notices import issue_notice
from claims_api.usecases.requests.texts import digest_of, write_text
from shared.errors import Conflict, FieldError, Forbidden, Invalid
from shared.events.requests import Channel as EventChannel
from shared.events.requests import ObjectionRaised, ObjectionWithdrawn
from shared.money import kroner
from shared.uow import Uow

KIND = RequestKind.OBJECTION


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An objection as made: to which claims, how much of one (None: all), in which words and on what ground."""

    claim_ids: Sequence[str]
    disputed_ore: int | None
    text: str
    ground: str | None
    about: About


def raise_objection(uow: Uow, deps: Deps, case_id: str, asked: Asked, asker: Asker) -> Request:
    """Register an objection and freeze what it disputes at once, also when it is late.

    On the same ground as one that was rejected it waits in the queue and freezes nothing. Raises NotFound, Forbidden
    for a claim of the case that is not theirs to object to, Conflict when every claim is settled, was judged or is
    disputed in the same words already, Reject for what cannot be.
    """
    case = asking.lock(uow, case_id)
    about = _claims(uow, case, asked, asker)
    debtor_ref = asking.debtor_of(uow, case, asker, about)
    disputed_ore = _disputed(uow, deps, asked, about)
    digest = digest_of(deps, asked.text)
    earlier = _earlier(uow, about)
    _refuse_twice(earlier, digest, disputed_ore)
    rejected = [
        Rejected(ground=one.ground, text_digest=one.text_digest or "") for one in earlier if one.state == "refused"
    ]
    freezes = not same_ground(rejected, asked.ground, digest)
    days = answer_days(asking.received(uow, asker), rule=deps.objections)
    first = about[0]
    hearer = heard_by(claim_type(first.claim_type), first.dispute_body, asked.about)
    request = asking.store_request(
        uow,
        case,
        KIND,
        asker,
        debtor_ref=debtor_ref,
        about=about,
        disputed_ore=disputed_ore,
        ground=asked.ground,
        concerns=asked.about.value,
        text_digest=digest,
        heard_by=hearer,
        freezes=freezes,
        in_time=in_time(
            asking.latest_deadline(uow, first), asking.received(uow, asker), asker.channel, rule=deps.objections
        ),
        preliminary_on=days.preliminary_on,
        look_on=days.preliminary_on,
        due_on=days.decide_by,
    )
    text_id = write_text(uow, deps, asked.text, case_id=case_id, request_id=request.request_id)
    requests.change_request(uow.tx, request.request_id, text_id=text_id)
    if freezes:
        freeze(uow, case, request, about, actor=asker.who)
    _tell_raised(uow, deps, case, request, about, asker)
    settle_case(uow, deps, case)
    return request


def withdraw_objection(uow: Uow, deps: Deps, held: Held, *, who: str) -> Request:
    """Give an objection up in writing, before or after it was rejected: the ladder goes on where it stood.

    Raises Conflict when it was upheld, or its claim has gone to the dispute body.
    """
    request = held.request
    if request.contested_on is not None:
        raise Conflict("request-decided", "objection: expected one whose claim has not gone to the dispute body")
    request = asking.move(uow, request, Move.WITHDRAW, look_on=None, ended_on=uow.today)
    case = held.case
    let_go(uow, case, request, actor=who)
    set_status_again(uow, held.claims)
    payload = ObjectionWithdrawn(
        request_id=request.request_id,
        case_id=case.case_id,
        claim_ids=[claim.claim_id for claim in held.claims],
        withdrawn_on=uow.today,
    )
    uow.emit(payload, key=case.case_id)
    asking.tell(uow, case, "objection.withdrawn", "Innsigelsen er trukket", actor=who, request_id=request.request_id)
    settle_case(uow, deps, case)
    still = [claim for claim in held.claims if asking.is_open(claim)]
    if still:
        issue_notice(uow, deps, case, "objection_withdrawn", request=request, claims=still)
    return request


def _claims(uow: Uow, case: Case, asked: Asked, asker: Asker) -> list[Claim]:
    """Return the claims objected to, oldest due first; raises for those that cannot be."""
    inside = {claim.claim_id: claim for claim in claims.claims_of_case(uow.tx, case.case_id)}
    wanted = [inside[name] for name in dict.fromkeys(asked.claim_ids) if name in inside]
    unknown = [
        FieldError(f"claim_ids.{at}", "unknown", "expected a claim of this case")
        for at, name in enumerate(asked.claim_ids)
        if name not in inside
    ]
    if unknown:
        raise Invalid(*unknown)
    if asker.visible is not None and any(claim.claim_id not in asker.visible for claim in wanted):
        raise Forbidden("not-liable", "claim_ids: expected claims you are liable for")
    if any(not asking.is_open(claim) for claim in wanted):
        raise Conflict("claim-settled", "claim_ids: expected claims that are still to be paid")
    if judged(uow, [claim.claim_id for claim in wanted]):
        raise Conflict(
            "claim-judged", "claim_ids: expected claims without a judgment; a judgment is appealed to a court"
        )
    return sorted(wanted, key=lambda claim: (claim.due_date, claim.claim_id))


def _disputed(uow: Uow, deps: Deps, asked: Asked, about: Sequence[Claim]) -> int | None:
    """Return how much is disputed, None for all of it."""
    if asked.disputed_ore is None:
        return None
    if len(about) > 1:
        detail = "expected null, or one claim: object to a part of each claim by itself"
        raise Invalid(FieldError("disputed_ore", "one-claim", detail))
    owed = claim_balances(uow.tx, deps, [about[0].claim_id], as_of=uow.today, known_at=None)[about[0].claim_id]
    if not 0 < asked.disputed_ore <= max(owed.total_ore, about[0].principal_ore):
        detail = f"expected above zero and at most what is owed, {owed.total_ore} øre"
        raise Invalid(FieldError("disputed_ore", "above-owed", detail))
    return None if freezes_whole(asked.disputed_ore, owed.total_ore) else asked.disputed_ore


def _earlier(uow: Uow, about: Sequence[Claim]) -> list[Request]:
    told = requests.requests_about(uow.tx, [claim.claim_id for claim in about], [KIND.value])
    return list({one.request_id: one for lines in told.values() for one, _ in lines}.values())


def _refuse_twice(earlier: Sequence[Request], digest: str, disputed_ore: int | None) -> None:
    same = (digest, disputed_ore)
    if any(one.state == "pending" and (one.text_digest, one.disputed_ore) == same for one in earlier):
        raise Conflict("objection-pending", "objection: the same one is being considered already")


def _tell_raised(uow: Uow, deps: Deps, case: Case, request: Request, about: Sequence[Claim], asker: Asker) -> None:
    ids = [claim.claim_id for claim in about]
    payload = ObjectionRaised(
        request_id=request.request_id,
        case_id=case.case_id,
        claim_ids=ids,
        disputed_ore=request.disputed_ore,
        debtor_ref=request.debtor_ref,
        channel=cast(EventChannel, request.channel),
        received_on=request.received_on,
        in_time=bool(request.in_time),
        freezes=request.freezes,
        heard_by=cast(Literal["collector", "unit"], request.heard_by),
        decide_by=request.due_on,
    )
    uow.emit(payload, key=case.case_id)
    part = "" if request.disputed_ore is None else f" til {kroner(request.disputed_ore)} kroner"
    summary = f"Innsigelse{part} er mottatt" if request.freezes else "Innsigelse på samme grunnlag som før er mottatt"
    asking.tell(
        uow,
        case,
        "objection.raised",
        summary,
        actor=asker.who,
        request_id=request.request_id,
        answer_by=request.due_on,
    )
    issue_notice(
        uow,
        deps,
        case,
        "objection_received",
        request=request,
        claims=about,
        answer_by=request.due_on,
        amount_ore=request.disputed_ore,
        freezes=request.freezes,
        dispute_body=about[0].dispute_body,
    )
