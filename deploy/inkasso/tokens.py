"""Tokens of the sandbox's local issuer, signed with the key in the data folder; the cluster refuses them."""

from __future__ import annotations

from datetime import timedelta

from embedded.settings import EmbeddedSettings
from inkasso.output import fail
from shared.auth import LOCAL_ISSUER, Role, TokenIssuer, local_key
from shared.clock import SystemMachine

LIFETIME = timedelta(days=30)
"""How long a printed token is good for; long enough that a test set-up does not break over a weekend."""

NAMES = {
    Role.CASEWORKER: "Kari Saksbehandler",
    Role.AUDITOR: "Rita Revisor",
    Role.OPERATOR: "Olav Operatør",
    Role.BANK: "Banken",
}


def make_token(settings: EmbeddedSettings, role: Role, name: str = "", *, scopes: tuple[str, ...] = ()) -> str:
    """Return a token for ``role``; ``name`` is the agency's unit or the person's name (two names are two persons).

    Ends the command outside the sandbox, where a configured issuer signs tokens.
    """
    issuer = _issuer(settings)
    if role is Role.AGENCY:
        return issuer.issue(role, f"agency:{name}", LIFETIME, unit=name)
    person = name or NAMES[role]
    return issuer.issue(
        role, f"{role.value}:{person.lower().replace(' ', '.')}", LIFETIME, name=person, scopes=list(scopes)
    )


def make_debtor_token(settings: EmbeddedSettings, debtor_ref: str) -> str:
    """Return a token for the debtor with this reference."""
    return _issuer(settings).issue(Role.DEBTOR, f"debtor:{debtor_ref}", LIFETIME, debtor_ref=debtor_ref)


def _issuer(settings: EmbeddedSettings) -> TokenIssuer:
    if not settings.sandbox:
        fail("Utenfor sandkassen utstedes tokener av den oppsatte utstederen (INKASSO_ISSUER); sett INKASSO_TOKEN.")
    return TokenIssuer(local_key(settings.keys_dir), LOCAL_ISSUER, settings.audience, SystemMachine())
