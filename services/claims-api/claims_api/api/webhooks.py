"""Webhooks: have your event feed sent to you, signed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from claims_api.api.access import deps_of
from claims_api.api.schemas import Body, Text500
from claims_api.store import webhooks
from claims_api.store.webhooks import Webhook
from claims_api.usecases.webhooks import create_webhook, delete_webhook, of_unit, resume_webhook, secret_of
from shared.auth import Role
from shared.http import Ctx, allow
from shared.idempotency import Idempotent
from shared.problems import problems
from shared.uow import Uow

router = APIRouter(prefix="/v1/webhooks", tags=["events"])

Agencies = Annotated[Ctx, allow(Role.AGENCY)]


class WebhookIn(Body):
    """Where to send: https, a public host. ``after``: the position to send on from; null sends what comes from now."""

    url: Text500
    after: Annotated[int, Field(ge=0)] | None = None


class WebhookView(BaseModel):
    """A webhook and how far it has come."""

    webhook_id: str
    url: str
    state: Literal["active", "paused"]
    position: int = Field(description="The last position that you took.")
    failures: int
    next_attempt_at: datetime | None
    last_error: str | None
    last_taken_at: datetime | None


class SecretOut(BaseModel):
    """What checks ``webhook-signature`` (Standard Webhooks 1.0): keep it where only your receiver reads it."""

    secret: str


class WebhookPage(BaseModel):
    """Your webhooks; there is only one page."""

    items: list[WebhookView]
    next: None


def _shown(webhook: Webhook) -> dict[str, Any]:
    return {name: getattr(webhook, name) for name in WebhookView.model_fields}


@router.get("", responses=problems(401, 403), summary="List webhooks")
def list_webhooks(ctx: Agencies) -> WebhookPage:
    """List your unit's webhooks."""
    with ctx.read() as tx:
        found = webhooks.webhooks_of(tx, ctx.caller.unit)
    return WebhookPage(items=[WebhookView.model_validate(_shown(webhook)) for webhook in found], next=None)


@router.post(
    "",
    status_code=201,
    response_model=WebhookView,
    responses=problems(400, 401, 403, 409, 422),
    summary="Add a webhook",
)
def create(ctx: Agencies, once: Idempotent, body: WebhookIn) -> Any:
    """Have your feed sent to an address, each message signed with the webhook's secret."""

    def work(uow: Uow) -> WebhookView:
        webhook = create_webhook(uow, deps_of(ctx), unit=ctx.caller.unit, url=body.url, after=body.after, who=ctx.who())
        return WebhookView.model_validate(_shown(webhook))

    return once.run(ctx, work)


@router.get("/{webhook_id}/secret", responses=problems(401, 403, 404), summary="Read a webhook's secret")
def read_secret(webhook_id: str, ctx: Agencies) -> SecretOut:
    """Return the secret that your webhook's messages are signed with."""
    with ctx.read() as tx:
        return SecretOut(secret=secret_of(deps_of(ctx), of_unit(tx, webhook_id, ctx.caller.unit)))


@router.post(
    "/{webhook_id}/resume",
    response_model=WebhookView,
    responses=problems(400, 401, 403, 404, 422),
    summary="Try a webhook again",
)
def resume(webhook_id: str, ctx: Agencies, once: Idempotent) -> Any:
    """Try a paused or failing webhook again at once, from where it stands."""

    def work(uow: Uow) -> WebhookView:
        return WebhookView.model_validate(_shown(resume_webhook(uow, webhook_id, ctx.caller.unit)))

    return once.run(ctx, work, status=200)


@router.delete("/{webhook_id}", status_code=204, responses=problems(401, 403, 404), summary="Remove a webhook")
def delete(webhook_id: str, ctx: Agencies) -> Response:
    """Remove a webhook; what it had not taken is still in the feed."""
    with ctx.uow() as uow:
        delete_webhook(uow, webhook_id, ctx.caller.unit)
    return Response(status_code=204)
