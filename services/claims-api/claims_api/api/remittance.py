"""A unit's statements: what it is owed for each month, claim by claim, and its word that a statement is right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from claims_api.api.access import After, Clerks
from claims_api.api.csv_text import CSV, attachment, csv_text
from claims_api.api.schemas import Body, Text500
from claims_api.store import creditors
from claims_api.store import remittance as store
from claims_api.store.remittance import ClaimLine, Remittance
from claims_api.usecases import remittance as remitting
from shared.auth import Role
from shared.errors import NotFound
from shared.http import LIMIT_DEFAULT, Ctx, Limit, allow, next_after
from shared.idempotency import Idempotent
from shared.problems import problems

router = APIRouter(prefix="/v1/creditors/{unit}/remittances", tags=["remittances"])

queue = APIRouter(prefix="/v1/remittances", tags=["remittances"])

Readers = Annotated[Ctx, allow(Role.AGENCY, Role.CASEWORKER, Role.AUDITOR)]
Units = Annotated[Ctx, allow(Role.AGENCY)]
Watchers = Annotated[Ctx, allow(Role.CASEWORKER, Role.AUDITOR)]
SignOff = Annotated[Literal["waiting", "accepted", "disputed"] | None, Query(description="What the unit said.")]
Payout = Annotated[
    Literal["none", "no_account", "unsigned", "reserved", "settled", "rejected"] | None,
    Query(description="What became of the payout."),
]
Format = Annotated[Literal["json", "csv"], Query(description="csv: a line a claim, semicolons, amounts in øre.")]

_PAGE = 200
_READ = problems(401, 403, 404, 422)


class FiguresOut(BaseModel):
    """Amounts in øre, of a unit or of one claim.

    opening + registered + interest + fees + corrections - withdrawn - written off - collected = closing, and
    collected = direct (paid to the unit itself) + to_unit + kept (fees and costs, the collector's).
    """

    opening_ore: int
    registered_ore: int
    interest_ore: int
    fees_ore: int
    corrections_ore: int
    withdrawn_ore: int
    written_off_ore: int
    collected_ore: int
    closing_ore: int
    direct_ore: int
    to_unit_ore: int
    kept_ore: int


Kind = Literal["principal", "interest", "fees", "legal_costs"]


class ShareOut(BaseModel):
    """The claims of a statement that are divided alike: the kinds that are the unit's, and what that came to in øre."""

    unit_gets: list[Kind]
    claims: int
    collected_ore: int
    direct_ore: int
    to_unit_ore: int
    kept_ore: int


class RemittanceOut(FiguresOut):
    """A unit's statement of a month (avregning): collected = remitted + kept + in_transit.

    ``payable_ore`` is paid out: what is the unit's of this month and what was carried over, never below zero.
    """

    remittance_id: str
    unit: str
    period: str
    made_on: date
    carried_ore: int = Field(description="Left over from earlier months; below zero after money was taken back.")
    payable_ore: int
    carried_forward_ore: int
    remitted_ore: int = Field(description="With the unit: paid to it directly, or paid out.")
    in_transit_ore: int = Field(description="The unit's, less what was paid out; below zero: clawed back.")
    account: str | None
    payout: Literal["none", "no_account", "unsigned", "reserved", "settled", "rejected"] = Field(
        description="unsigned: it goes out when the unit has signed the statement off."
    )
    settled_on: date | None
    payout_reason: str | None
    sign_off: Literal["waiting", "accepted", "disputed"]
    signed_by: str | None
    signed_at: datetime | None
    comment: str | None
    answer: str | None
    answered_by: str | None
    answered_at: datetime | None
    shares: list[ShareOut] = Field(description="One for each way the claims' agreements divide what is collected.")


class RemittancePage(BaseModel):
    """A page of a unit's statements, newest month first."""

    items: list[RemittanceOut]
    next: str | None


class ClaimLineOut(FiguresOut):
    """One claim in a statement; the claims add up to the statement."""

    claim_id: str
    case_number: str
    external_ref: str
    invoice_number: str
    unit_gets: list[Kind]


class ClaimLinePage(BaseModel):
    """A page of a statement's claims."""

    items: list[ClaimLineOut]
    next: str | None


class AnswerIn(Body):
    """What the collector says to the unit; ``pay``: a payout that waits for the unit goes out now."""

    answer: Text500
    pay: bool = False


class SignOffIn(Body):
    """Whether the unit agrees with the statement; a dispute needs words, which are for people and stay here."""

    accepted: bool
    comment: Text500 | None = None


@router.get("", responses=_READ, summary="A unit's statements")
def list_remittances(unit: str, ctx: Readers, after: After = None, limit: Limit = LIMIT_DEFAULT) -> RemittancePage:
    """List a unit's statements, newest month first; a unit sees its own."""
    with ctx.read() as tx:
        _see_unit(tx, ctx, unit)
        items = [remittance_out(one) for one in store.remittances_page(tx, unit, after=after, limit=limit)]
    return RemittancePage(items=items, next=next_after(items, "period", limit))


@router.get(
    "/{remittance_id}",
    response_model=RemittanceOut,
    responses={200: {"content": {"text/csv": {}}}, **_READ},
    summary="One statement",
)
def read_remittance(unit: str, remittance_id: str, ctx: Readers, format: Format = "json") -> Any:
    """Return a statement; as CSV its claims, one line each."""
    with ctx.read() as tx:
        found = _see(tx, ctx, unit, remittance_id)
    if format == "csv":
        name = f"remittance-{found.unit}-{found.period}"
        return StreamingResponse(_lines_csv(ctx, remittance_id), media_type=CSV, headers=attachment(name))
    return remittance_out(found)


@router.get("/{remittance_id}/lines", responses=_READ, summary="A statement's claims")
def list_lines(
    unit: str, remittance_id: str, ctx: Readers, after: After = None, limit: Limit = LIMIT_DEFAULT
) -> ClaimLinePage:
    """List the claims of a statement."""
    with ctx.read() as tx:
        _see(tx, ctx, unit, remittance_id)
        items = [_line_out(one) for one in store.lines_page(tx, remittance_id, after=after, limit=limit)]
    return ClaimLinePage(items=items, next=next_after(items, "claim_id", limit))


@router.post(
    "/{remittance_id}/sign-off",
    status_code=201,
    response_model=RemittanceOut,
    responses=problems(400, 401, 403, 404, 409, 422),
    summary="Sign a statement off",
)
def sign(unit: str, remittance_id: str, ctx: Units, once: Idempotent, body: SignOffIn) -> Any:
    """Say that a statement is right, or what is wrong with it; a disputed one may be accepted later."""
    if ctx.caller.unit != unit:
        raise NotFound("creditor")
    return once.run(
        ctx,
        lambda uow: remittance_out(
            remitting.sign_off(uow, remittance_id, unit, accepted=body.accepted, comment=body.comment, who=ctx.who())
        ),
    )


@router.post(
    "/{remittance_id}/answer",
    status_code=201,
    response_model=RemittanceOut,
    responses=problems(400, 401, 403, 404, 409, 422),
    summary="Answer a unit about a statement",
)
def post_answer(unit: str, remittance_id: str, ctx: Clerks, once: Idempotent, body: AnswerIn) -> Any:
    """Answer what a unit does not agree with; its figures stay, a correction of a claim is in a later statement."""
    return once.run(
        ctx,
        lambda uow: remittance_out(
            remitting.answer(uow, remittance_id, unit, text=body.answer, pay=body.pay, who=ctx.who())
        ),
    )


@queue.get("", responses=problems(401, 403, 422), summary="Statements of all units")
def list_all(
    ctx: Watchers, sign_off: SignOff = None, payout: Payout = None, after: After = None, limit: Limit = LIMIT_DEFAULT
) -> RemittancePage:
    """List the statements of all units, newest first: those that are disputed, or whose payout waits."""
    with ctx.read() as tx:
        found = store.remittances_where(tx, sign_off=sign_off, payout=payout, after=after, limit=limit)
    items = [remittance_out(one) for one in found]
    return RemittancePage(items=items, next=next_after(items, "remittance_id", limit))


def remittance_out(found: Remittance) -> RemittanceOut:
    """Return a statement as it is answered."""
    own = found.figures
    paid_out = found.payable_ore if found.payout == store.SETTLED else 0
    plain = {name: value for name, value in asdict(found).items() if name in RemittanceOut.model_fields}
    return RemittanceOut.model_validate(
        {
            **asdict(own),
            **plain,
            "carried_forward_ore": own.to_unit_ore + found.carried_ore - found.paid_ore,
            "remitted_ore": own.direct_ore + paid_out,
            "in_transit_ore": own.to_unit_ore - paid_out,
        }
    )


def _line_out(line: ClaimLine) -> ClaimLineOut:
    return ClaimLineOut.model_validate(
        asdict(line.figures)
        | {
            "claim_id": line.claim_id,
            "case_number": line.case_number,
            "external_ref": line.external_ref,
            "invoice_number": line.invoice_number,
            "unit_gets": list(line.unit_gets),
        }
    )


def _lines_csv(ctx: Ctx, remittance_id: str) -> Iterator[str]:
    columns = ["external_ref", "invoice_number", "case_number", "claim_id", *FiguresOut.model_fields]
    yield csv_text(columns, [])
    with ctx.read() as tx:
        for lines in store.all_lines(tx, remittance_id, _PAGE):
            yield csv_text(columns, [_line_out(line).model_dump() for line in lines], header=False)


def _see_unit(tx: Connection, ctx: Ctx, unit: str) -> None:
    """Raise NotFound unless there is such a unit and the caller may see it."""
    foreign = ctx.caller.role is Role.AGENCY and ctx.caller.unit != unit
    if foreign or creditors.find_creditor(tx, unit) is None:
        raise NotFound("creditor")


def _see(tx: Connection, ctx: Ctx, unit: str, remittance_id: str) -> Remittance:
    _see_unit(tx, ctx, unit)
    found = store.find_remittance(tx, remittance_id)
    if found is None or found.unit != unit:
        raise NotFound("remittance")
    return found
