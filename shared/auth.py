"""Who is calling, and what they may do: bearer tokens with a role and, for agencies, a creditor unit.

Tokens are JWTs (ES256, RFC 8725's advice: one algorithm, issuer and audience checked, keys only from the configured
set). Every route names the roles that may use it through ``shared.http.allow``; a route that names none is a bug that
a test finds.
"""

from __future__ import annotations

import json
import os
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from shared.clock import Machine
from shared.errors import Crash, Reject

ALGORITHM = "ES256"
LEEWAY_S = 30
TOKEN_MAX_CHARS = 8_000
REMEMBERED_MAX = 2_000
LOCAL_ISSUER = "urn:inkasso:local"
LOCAL_KEY_FILE = "local-issuer.pem"
PLATFORM_ISSUER = "urn:inkasso:claims-api"
"""Who signs debtors' tokens outside the sandbox: claims-api, with the key of its own installation."""


class Role(StrEnum):
    """What a caller is; exactly one per token."""

    AGENCY = "agency"
    CASEWORKER = "caseworker"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    BANK = "bank"
    DEBTOR = "debtor"


class Unauthenticated(Reject):
    """No token, or one we do not accept."""

    status = 401

    def __init__(self, detail: str) -> None:
        super().__init__("unauthenticated", detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Whose things somebody may see: a unit's, a debtor's, or (neither set) everybody's."""

    unit: str | None = None
    debtor_ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whoever holds the token. ``unit`` is set for agencies, ``debtor_ref`` for debtors, ``scopes`` narrows a role."""

    role: Role
    subject: str
    name: str = ""
    unit: str = ""
    debtor_ref: str = ""
    scopes: frozenset[str] = frozenset()

    @property
    def sight(self) -> Sight:
        """Whose things the caller may see; what is not theirs does not exist for them (404, never 403)."""
        return Sight(
            unit=self.unit if self.role is Role.AGENCY else None,
            debtor_ref=self.debtor_ref if self.role is Role.DEBTOR else None,
        )


class TokenIssuer:
    """Signs tokens with one key: the sandbox's local issuer, and claims-api's for debtors."""

    def __init__(self, key: ECKey, issuer: str, audience: str, machine: Machine) -> None:
        self._key = key
        self._issuer = issuer
        self._audience = audience
        self._machine = machine

    def issue(self, role: Role, subject: str, lifetime: timedelta, **claims: str | list[str]) -> str:
        """Return a signed token for ``role`` that is good for ``lifetime``."""
        now = int(self._machine.now().timestamp())
        body: dict[str, Any] = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": subject,
            "iat": now,
            "exp": now + int(lifetime.total_seconds()),
            "role": role.value,
            **{name: value for name, value in claims.items() if value},
        }
        header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": self._key.kid or self._key.thumbprint()}
        return jwt.encode(header, body, self._key, algorithms=[ALGORITHM])


class TokenVerifier:
    """Reads tokens of the configured issuers: issuer name → its public keys."""

    def __init__(self, issuers: Mapping[str, KeySet], audience: str, machine: Machine) -> None:
        self._issuers = dict(issuers)
        self._audience = audience
        self._machine = machine
        self._known: OrderedDict[str, tuple[int, Caller]] = OrderedDict()

    def verify(self, token: str) -> Caller:
        """Return who holds the token; raises Unauthenticated saying what was wrong, never what it held.

        A token that was good is remembered until it expires: checking a signature costs more than most requests.
        """
        known = self._known.get(token)
        if known is not None and known[0] > self._machine.now().timestamp():
            return known[1]
        claims = self.claims(token)
        caller = caller_of(claims)
        self._known[token] = (int(claims["exp"]), caller)
        while len(self._known) > REMEMBERED_MAX:
            self._known.popitem(last=False)
        return caller

    def claims(self, token: str) -> dict[str, Any]:
        """Return a valid token's claims; raises Unauthenticated."""
        if len(token) > TOKEN_MAX_CHARS:
            raise Unauthenticated(f"token: expected at most {TOKEN_MAX_CHARS} characters, got {len(token)}")
        for issuer, keys in self._issuers.items():
            try:
                decoded = jwt.decode(token, keys, algorithms=[ALGORITHM])
            except (JoseError, ValueError, TypeError, KeyError):
                continue
            self._check(decoded.header, decoded.claims, issuer)
            return dict(decoded.claims)
        raise Unauthenticated("token: expected one signed by a configured issuer, got another")

    def _check(self, header: Mapping[str, Any], claims: Mapping[str, Any], issuer: str) -> None:
        if header.get("typ") != "at+jwt" or "crit" in header:
            raise Unauthenticated("token: expected typ at+jwt and no crit, got another header")
        if claims.get("iss") != issuer:
            raise Unauthenticated("token: expected the issuer that signed it, got another iss")
        audience = claims.get("aud")
        if self._audience not in (audience if isinstance(audience, list) else [audience]):
            raise Unauthenticated("token: expected our audience, got another")
        now = self._machine.now().timestamp()
        expires, issued = claims.get("exp"), claims.get("iat")
        if not isinstance(expires, int) or isinstance(expires, bool) or expires + LEEWAY_S < now:
            raise Unauthenticated("token: expected one that has not expired, got an old one")
        if not isinstance(issued, int) or isinstance(issued, bool) or issued - LEEWAY_S > now:
            raise Unauthenticated("token: expected one issued before now, got one from the future")


def caller_of(claims: Mapping[str, Any]) -> Caller:
    """Read the caller out of checked claims; raises Unauthenticated for a token without a usable role."""
    try:
        role = Role(str(claims.get("role")))
    except ValueError:
        raise Unauthenticated("token: expected a known role, got none or another") from None
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise Unauthenticated("token: expected a subject, got none")
    scopes = claims.get("scopes", [])
    caller = Caller(
        role=role,
        subject=subject,
        name=str(claims.get("name", "")),
        unit=str(claims.get("unit", "")),
        debtor_ref=str(claims.get("debtor_ref", "")),
        scopes=frozenset(str(s) for s in scopes) if isinstance(scopes, list) else frozenset(),
    )
    if role is Role.AGENCY and not caller.unit:
        raise Unauthenticated("token: expected a creditor unit for an agency, got none")
    if role is Role.DEBTOR and not caller.debtor_ref:
        raise Unauthenticated("token: expected a debtor_ref for a debtor, got none")
    return caller


def local_key(keys_dir: Path) -> ECKey:
    """Return this installation's own signing key, making it (mode 0600) if there is none."""
    path = keys_dir / LOCAL_KEY_FILE
    if not path.exists():
        keys_dir.mkdir(parents=True, exist_ok=True)
        key = ECKey.generate_key("P-256", private=True)
        temporary = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key.as_pem(private=True))
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass  # another process of this installation made it first: theirs is the one
        finally:
            temporary.unlink()
    key = ECKey.import_key(path.read_bytes())
    key.ensure_kid()
    return key


def verifier(
    *,
    keys_dir: Path,
    sandbox: bool,
    issuer: str,
    jwks_file: str | None,
    platform_jwks_file: str | None = None,
    audience: str,
    machine: Machine,
) -> TokenVerifier:
    """Build the verifier from settings: the local issuer in a sandbox, the configured ones elsewhere."""
    if sandbox:
        return TokenVerifier({LOCAL_ISSUER: KeySet([local_key(keys_dir)])}, audience, machine)
    if jwks_file is None:
        raise Crash("INKASSO_ISSUER_JWKS: expected a file with the issuer's keys, got none")
    issuers = {issuer: _read_keys(jwks_file, "INKASSO_ISSUER_JWKS")}
    if platform_jwks_file is not None:
        issuers[PLATFORM_ISSUER] = _read_keys(platform_jwks_file, "INKASSO_PLATFORM_JWKS")
    return TokenVerifier(issuers, audience, machine)


def _read_keys(file: str, variable: str) -> KeySet:
    try:
        return KeySet.import_key_set(json.loads(Path(file).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, JoseError) as wrong:
        raise Crash(f"{variable}: expected a file with public keys (JWKS), got {type(wrong).__name__}") from wrong


def public_keys(*keys: ECKey) -> str:
    """Return the JWKS of these keys' public halves, for whoever is to trust what they sign."""
    return json.dumps(KeySet(list(keys)).as_dict(private=False), indent=1)
