"""What every request begins with: who asks, on which locked cases, about which claims that can still be asked about."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from claims_api.domain.limitation import is_barred
from claims_api.domain.requests import Channel, RequestKind, RequestState, after, answer_by, check_received
from claims_api.store import cases, claims, demands, requests
from claims_api.store.cases import Case, TimelineEntry
from claims_api.store.claims import Claim
from claims_api.store.requests import Request, RequestClaim
from claims_api.usecases.consequences import CLOSED_BY_HAND
from shared.errors import Conflict, FieldError, Invalid, NotFound
from shared.uow import Uow

NOT_COLLECTED = frozenset({"hearing"})
"""Claims of which collection has not begun: a person decides about them first."""

NO_LETTER = "none"
UNITS_OWN = "unit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who makes a request (or registers it), for whom, how and when it came.

    ``visible`` are the claims whoever asks may see, None: all of the case. ``debtor_ref`` None: the case's own debtor.
    """

    who: str
    debtor_ref: str | None
    channel: Channel
    received_on: date | None = None
    visible: Collection[str] | None = None
    documents: Sequence[str] = ()


def lock(uow: Uow, case_id: str) -> Case:
    """Lock a case; raises NotFound."""
    case = cases.lock_case(uow, case_id)
    if case is None:
        raise NotFound("case")
    return case


def received(uow: Uow, asker: Asker) -> date:
    """Return the day it came; raises Reject for one that cannot be right."""
    day = asker.received_on or uow.today
    wrong = check_received(day, uow.today)
    if wrong is not None:
        raise Invalid(FieldError("received_on", "received-on", wrong))
    return day


def debtor_of(uow: Uow, case: Case, asker: Asker, about: Sequence[Claim]) -> str:
    """Return for whom it is asked; raises Reject for someone who is not liable for any of the claims."""
    if asker.debtor_ref is None or asker.debtor_ref == case.debtor_ref:
        return case.debtor_ref
    liable = claims.parties_of(uow.tx, [claim.claim_id for claim in about])
    if not any(asker.debtor_ref in refs for refs in liable.values()):
        raise Invalid(FieldError("debtor_ref", "not-liable", "expected someone who is liable for one of the claims"))
    return asker.debtor_ref


def visible_claims(uow: Uow, case: Case, asker: Asker) -> list[Claim]:
    """Return the claims of the case that whoever asks may see, oldest due first."""
    inside = claims.claims_of_case(uow.tx, case.case_id)
    return [claim for claim in inside if asker.visible is None or claim.claim_id in asker.visible]


def is_open(claim: Claim) -> bool:
    """Tell whether a claim is still to be paid."""
    return claim.ended_on is None and claim.status not in CLOSED_BY_HAND


def time_can_be_given(claim: Claim, today: date) -> bool:
    """Tell whether more time can be asked for a claim: it is collected, and runs under no plan or whole objection."""
    free = claim.status not in {"plan", "disputed"} | NOT_COLLECTED
    return is_open(claim) and free and not is_barred(claim.last_day, today)


def claims_for_time(seen: Sequence[Claim], today: date) -> list[Claim]:
    """Return the claims that more time can be asked for; raises Conflict saying why when there is none."""
    found = [claim for claim in seen if time_can_be_given(claim, today)]
    if found:
        return found
    if not any(is_open(claim) for claim in seen):
        raise Conflict("case-settled", "case: expected a claim that is still to be paid, got none")
    statuses = {claim.status for claim in seen if is_open(claim)}
    if statuses == {"plan"}:
        raise Conflict("plan-runs", "case: expected claims outside a payment plan; ask to change the plan instead")
    found_as = ", ".join(sorted(statuses))
    raise Conflict("nothing-to-defer", f"case: expected a claim that time can be given for, got only {found_as}")


def demand_keys(uow: Uow, about: Sequence[Claim]) -> dict[str, str]:
    """Return what each claim's latest demand is: a letter of ours that stands, the unit's own varsel, or none yet."""
    by_case = demands.demands_of_cases(uow.tx, {claim.case_id for claim in about})
    keys = {}
    for claim in about:
        sent = [one for one in by_case.get(claim.case_id, []) if one.stands and claim.claim_id in one.owed]
        latest = max(sent, key=lambda one: (one.sent_on or date.min, one.demand_id), default=None)
        own = NO_LETTER if claim.notice_sent_on is None or claim.notice_void else UNITS_OWN
        keys[claim.claim_id] = latest.demand_id if latest else own
    return keys


def latest_deadline(uow: Uow, claim: Claim) -> date | None:
    """Return the deadline of the claim's latest letter that stands, None before the first."""
    sent = demands.demands_of_cases(uow.tx, [claim.case_id]).get(claim.case_id, [])
    days = [one.deadline for one in sent if one.stands and claim.claim_id in one.owed]
    if claim.notice_deadline is not None and claim.notice_void is None:
        days.append(claim.notice_deadline)
    return max(days, default=None)


def store_request(
    uow: Uow,
    case: Case,
    kind: RequestKind,
    asker: Asker,
    *,
    debtor_ref: str,
    about: Sequence[Claim],
    keys: Mapping[str, str] | None = None,
    **facts: Any,
) -> Request:
    """Store a new request on a locked case; ``facts`` are the columns of its kind."""
    received_on = received(uow, asker)
    values: dict[str, Any] = {
        "request_id": uow.new_id("request"),
        "kind": kind.value,
        "state": RequestState.PENDING.value,
        "case_id": case.case_id,
        "unit": case.unit,
        "debtor_ref": debtor_ref,
        "channel": asker.channel.value,
        "received_on": received_on,
        "registered_on": uow.today,
        "registered_at": case.last_recorded_at,
        "registered_by": asker.who,
        "due_on": answer_by(received_on),
        "grounds": [],
        "documents": list(asker.documents),
    }
    request = Request(**{**values, **facts})
    lines = [
        RequestClaim(
            request_id=request.request_id,
            claim_id=claim.claim_id,
            case_id=claim.case_id,
            position=at,
            demand_key=(keys or {}).get(claim.claim_id),
        )
        for at, claim in enumerate(about)
    ]
    requests.insert_request(uow.tx, request, lines)
    return request


def find(uow: Uow, request_id: str, kinds: Collection[RequestKind]) -> Request:
    """Return a request of these kinds, its case not locked yet; raises NotFound."""
    request = requests.find_request(uow.tx, request_id)
    if request is None or request.kind not in kinds:
        raise NotFound("request")
    return request


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A request with its claims under the locks of all its cases; the request's own case first."""

    request: Request
    lines: Sequence[RequestClaim]
    locked: Mapping[str, Case]
    claims: Sequence[Claim]

    @property
    def case(self) -> Case:
        """The case the request was made on; a plan's lead case."""
        return self.locked[self.request.case_id]

    def of_case(self, case_id: str) -> list[Claim]:
        """Return its claims in one case, oldest due first."""
        return [claim for claim in self.claims if claim.case_id == case_id]

    @property
    def case_ids(self) -> list[str]:
        """Every case it is about, its own first."""
        others = sorted({line.case_id for line in self.lines} - {self.request.case_id})
        return [self.request.case_id, *others]


def hold_request(uow: Uow, request: Request) -> Held:
    """Lock the cases of a request and read it anew under their locks."""
    lines = requests.claims_of_request(uow.tx, request.request_id)
    locked = cases.lock_cases(uow, {request.case_id, *(line.case_id for line in lines)})
    fresh = requests.find_request(uow.tx, request.request_id)
    if fresh is None or request.case_id not in locked:
        raise NotFound("request")
    by_id = claims.find_claims(uow.tx, [line.claim_id for line in lines])
    return Held(request=fresh, lines=lines, locked=locked, claims=[by_id[line.claim_id] for line in lines])


def move(uow: Uow, request: Request, how: Any, **changes: Any) -> Request:
    """Move a request on; raises Conflict when it has been decided. Returns it as it is afterwards."""
    state = after(RequestKind(request.kind), RequestState(request.state), how)
    requests.change_request(uow.tx, request.request_id, state=state.value, **changes)
    values = {name: getattr(request, name) for name in Request.__slots__}
    return Request(**{**values, "state": state.value, **changes})


def tell(
    uow: Uow, case: Case, kind: str, summary: str, *, actor: str, claim_id: str | None = None, **facts: Any
) -> None:
    """Write down what happened, in words people read; ``facts`` hold ids, dates and amounts only."""
    shown = {name: value.isoformat() if isinstance(value, date) else value for name, value in facts.items()}
    entry = TimelineEntry(
        entry_id=uow.new_id("timeline"),
        case_id=case.case_id,
        claim_id=claim_id,
        at=case.last_recorded_at,
        type=kind,
        summary=summary,
        actor=actor,
        facts=shown,
    )
    cases.add_timeline(uow.tx, [entry])
