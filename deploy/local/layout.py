"""What the four services of a cluster on one machine are told: folders, keys, tokens' issuers, addresses.

Everything lies under one folder: ``<service>/`` is a service's own (its keys under ``keys/``, letters, the bank's
files), ``public/`` holds what they must know of one another: the issuers' public keys, notifications' sealing key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from claims_api.crypto import make_key_file
from shared.auth import Role, TokenIssuer, local_key, public_keys
from shared.clock import SystemMachine
from shared.sealing import ensure_keypair

ISSUER = "urn:inkasso:up-local"
AUDIENCE = "inkasso"
LIFETIME = timedelta(days=30)
SERVICES: Mapping[str, str] = {
    "claims-api": "claims_api",
    "payments-ingest": "payments_ingest",
    "escalation": "escalation",
    "notifications": "notifications",
}
"""Service → the package that ``python -m`` runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The folder of one cluster."""

    folder: Path

    def data_dir(self, service: str) -> Path:
        """A service's own folder."""
        return self.folder / service

    @property
    def public(self) -> Path:
        """What every service may read."""
        return self.folder / "public"

    def make_keys(self) -> None:
        """Make every key that is not there yet; each private one in the folder of the service that owns it."""
        claims = self.data_dir("claims-api") / "keys"
        make_key_file(claims / "claims-api.json")
        ensure_keypair(self.data_dir("notifications") / "keys", "notifications")
        self.public.mkdir(parents=True, exist_ok=True)
        sealing = (self.data_dir("notifications") / "keys" / "notifications.pub").read_bytes()
        (self.public / "notifications.pub").write_bytes(sealing)
        (self.public / "platform.jwks").write_text(public_keys(local_key(claims)), encoding="utf-8")
        (self.public / "issuer.jwks").write_text(public_keys(local_key(self.folder / "issuer")), encoding="utf-8")

    def token(self, role: Role, name: str) -> str:
        """Return a token of this cluster's own issuer; an agency's ``name`` is its unit."""
        issuer = TokenIssuer(local_key(self.folder / "issuer"), ISSUER, AUDIENCE, SystemMachine())
        if role is Role.AGENCY:
            return issuer.issue(role, f"agency:{name}", LIFETIME, unit=name)
        if role is Role.DEBTOR:
            return issuer.issue(role, f"debtor:{name}", LIFETIME, debtor_ref=name)
        person = name or role.value
        return issuer.issue(role, f"{role.value}:{person.lower().replace(' ', '.')}", LIFETIME, name=person)

    def environment(self, service: str, *, port: int, bootstrap: str, database_url: str) -> dict[str, str]:
        """Return the settings of one service's process."""
        return {
            "INKASSO_DATA_DIR": str(self.data_dir(service)),
            "INKASSO_HOST": "127.0.0.1",
            "INKASSO_PORT": str(port),
            "INKASSO_DATABASE_URL": database_url,
            "INKASSO_KAFKA_BOOTSTRAP_SERVERS": bootstrap,
            "INKASSO_KAFKA_REPLICATION_FACTOR": "1",
            "INKASSO_KAFKA_MIN_INSYNC_REPLICAS": "1",
            "INKASSO_ISSUER": ISSUER,
            "INKASSO_ISSUER_JWKS": str(self.public / "issuer.jwks"),
            "INKASSO_PLATFORM_JWKS": str(self.public / "platform.jwks"),
            "INKASSO_NOTIFICATIONS_PUBLIC_KEY": str(self.public / "notifications.pub"),
            # Nobody real is in a cluster on one machine: the test persons of the README may be.
            "INKASSO_ALLOW_SYNTHETIC_IDS": "1",
            "INKASSO_ASSUME_RATES": "1",
        }
