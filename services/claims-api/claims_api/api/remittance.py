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

from claims_api.api.access import After, Limit, page
from claims_api.api.csv_text import CSV, attachment, csv_text
from claims_api.api.schemas import Body, Text500
from claims_api.store import creditors
from claims_api.store import remittance as store
from claims_api.store.remittance import ClaimLine, Remittance
from claims_api.usecases.remittance import sign_off
from shared.auth import Role
from shared.errors import NotFound
from shared.http import LIMIT_DEFAULT, Ctx, allow
from shared.idempotency import Idempotent
from shared.problems import problems

router = APIRouter(prefix="/v1/creditors/{unit}/remittances", tags=["remittances"])

Readers = Annotated[Ctx, allow(Role.AGENCY, Role.CASEWORKER, Role.AUDITOR)]
Units = Annotated[Ctx, allow(Role.AGENCY)]
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
    payout: Literal["none", "no_account", "reserved", "settled", "rejected"]
    settled_on: date | None
    payout_reason: str | None
    sign_off: Literal["waiting", "accepted", "disputed"]
    signed_by: str | None
    signed_at: datetime | None
    comment: str | None


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


class ClaimLinePage(BaseModel):
    """A page of a statement's claims."""

    items: list[ClaimLineOut]
    next: str | None


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
    return RemittancePage(items=items, next=page(items, "period", limit))


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
    return ClaimLinePage(items=items, next=page(items, "claim_id", limit))


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
            sign_off(uow, remittance_id, unit, accepted=body.accepted, comment=body.comment, who=ctx.who())
        ),
    )


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
