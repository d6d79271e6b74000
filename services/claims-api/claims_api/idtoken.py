"""Id tokens from ID-porten: checked here, and nowhere else, because only here is a national id known.

OpenID Connect Core 1.0 § 3.1.3.7 and ID-porten's own rules: signature by a key of the configured issuer, ``iss``,
``aud``, ``exp``, ``iat``, the level of assurance in ``acr``, and a ``pid`` (fødselsnummer or D-nummer).
"""

from __future__ import annotations

import json
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from claims_api.settings import Settings
from shared.auth import (
    LEEWAY_S,
    LOCAL_ISSUER,
    PLATFORM_ISSUER,
    TOKEN_MAX_CHARS,
    TokenIssuer,
    Unauthenticated,
    local_key,
)
from shared.clock import Machine

ALGORITHMS = ("RS256", "PS256", "ES256")
LEVELS = frozenset({"idporten-loa-substantial", "idporten-loa-high"})
AGE_S_MAX = 600
"""An id token older than this is not exchanged: the login it tells of is too long ago."""


class IdTokens:
    """Reads id tokens of one issuer."""

    def __init__(self, issuer: str, keys: KeySet, audience: str, machine: Machine) -> None:
        self._issuer = issuer
        self._keys = keys
        self._audience = audience
        self._machine = machine

    def national_id(self, token: str) -> str:
        """Return the national id that a valid id token tells; raises Unauthenticated, never saying what it held."""
        if len(token) > TOKEN_MAX_CHARS:
            raise Unauthenticated(f"id token: expected at most {TOKEN_MAX_CHARS} characters, got {len(token)}")
        try:
            decoded = jwt.decode(token, self._keys, algorithms=list(ALGORITHMS))
        except (JoseError, ValueError, TypeError, KeyError):
            raise Unauthenticated("id token: expected one signed by the configured issuer, got another") from None
        if "crit" in decoded.header:
            raise Unauthenticated("id token: expected no crit header, got one")
        self._check(decoded.claims)
        return str(decoded.claims["pid"])

    def _check(self, claims: dict[str, Any]) -> None:
        audience = claims.get("aud")
        if claims.get("iss") != self._issuer:
            raise Unauthenticated("id token: expected the configured issuer, got another iss")
        if self._audience not in (audience if isinstance(audience, list) else [audience]):
            raise Unauthenticated("id token: expected our audience, got another")
        now = self._machine.now().timestamp()
        expires, issued = claims.get("exp"), claims.get("iat")
        if not isinstance(expires, int) or isinstance(expires, bool) or expires + LEEWAY_S < now:
            raise Unauthenticated("id token: expected one that has not expired, got an old one")
        if not isinstance(issued, int) or isinstance(issued, bool):
            raise Unauthenticated("id token: expected iat, got none")
        if not now - AGE_S_MAX <= issued <= now + LEEWAY_S:
            raise Unauthenticated("id token: expected one of the last minutes, got another")
        if claims.get("acr") not in LEVELS:
            raise Unauthenticated("id token: expected a login at level substantial or high, got another acr")
        if not isinstance(claims.get("pid"), str):
            raise Unauthenticated("id token: expected a pid, got none")


def id_tokens(settings: Settings, machine: Machine) -> IdTokens | None:
    """Return the reader of id tokens: the local issuer's in a sandbox, else the configured one's; None: none is."""
    if settings.sandbox:
        return IdTokens(LOCAL_ISSUER, KeySet([local_key(settings.keys_dir)]), settings.id_audience, machine)
    if settings.id_issuer_jwks is None:
        return None
    keys = KeySet.import_key_set(json.loads(settings.id_issuer_jwks.read_text(encoding="utf-8")))
    return IdTokens(settings.id_issuer, keys, settings.id_audience, machine)


def platform_issuer(settings: Settings, machine: Machine) -> TokenIssuer:
    """Return who signs the platform's own tokens for debtors."""
    key: ECKey = local_key(settings.keys_dir)
    return TokenIssuer(key, LOCAL_ISSUER if settings.sandbox else PLATFORM_ISSUER, settings.audience, machine)
