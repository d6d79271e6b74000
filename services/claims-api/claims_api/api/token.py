"""The exchange of an ID-porten id token for a token of this platform, which names a person by debtor_ref alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, cast

from fastapi import APIRouter, Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel

from claims_api.deps import Deps
from claims_api.idtoken import id_tokens, platform_issuer
from claims_api.usecases.debtors import find_person
from shared.auth import Role, Unauthenticated
from shared.errors import NotFound
from shared.party import PartyIdError, check_national_id
from shared.problems import problems
from shared.service import Service

router = APIRouter(prefix="/v1/token", tags=["access"])

_bearer = HTTPBearer(auto_error=False, scheme_name="IdToken", description="An ID-porten id token.")


class TokenOut(BaseModel):
    """A platform token (RFC 6750)."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    debtor_ref: str


def _person(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> tuple[Service, str]:
    """Return the service and the national id that the bearer's id token tells."""
    service: Service = request.app.state.service
    deps = cast(Deps, request.app.state.deps)
    reader = id_tokens(deps.settings, service.machine)
    if credentials is None or reader is None:
        raise Unauthenticated("Authorization: expected an id token of the configured issuer, got none")
    national_id = reader.national_id(credentials.credentials)
    try:
        check_national_id(national_id, allow_synthetic=deps.settings.synthetic_ids)
    except PartyIdError:
        raise Unauthenticated("id token: expected a pid that is a national id, got another") from None
    return service, national_id


_person.roles = ()  # type: ignore[attr-defined]  # no role: whoever holds an id token


@router.post("", responses=problems(401, 404), summary="Exchange an id token")
def exchange(request: Request, person: Annotated[tuple[Service, str], Depends(_person)]) -> TokenOut:
    """Return a platform token for the person the id token tells; 404 when nothing is owed here by them."""
    service, national_id = person
    deps = cast(Deps, request.app.state.deps)
    with service.db.read() as tx:
        debtor_ref = find_person(tx, deps, national_id)
    if debtor_ref is None:
        raise NotFound("debtor")
    lifetime = timedelta(minutes=deps.settings.token_minutes)
    issuer = platform_issuer(deps.settings, service.machine)
    token = issuer.issue(Role.DEBTOR, debtor_ref, lifetime, debtor_ref=debtor_ref)
    return TokenOut(
        access_token=token,
        token_type="Bearer",  # noqa: S106 - the scheme's name, not a secret
        expires_in=int(lifetime.total_seconds()),
        debtor_ref=debtor_ref,
    )
