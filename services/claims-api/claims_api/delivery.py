"""Sending to an address that a unit chose: signed, bounded, and never into our own network.

Signatures follow Standard Webhooks 1.0 (headers ``webhook-id``, ``webhook-timestamp``, ``webhook-signature``). The host
is resolved once, every address it has must be public, and the connection goes to the address that was checked, so that
a name cannot point elsewhere a moment later. Redirects are not followed and answers are not read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix of the standard, not a secret
URL_MAX_CHARS = 500

Resolver = Callable[[str, int], Sequence[str]]


class NotAllowed(ValueError):
    """An address that nothing is sent to; ``code`` is stable."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a sending: ``status`` of the answer, or ``fault`` (a stable code) when there was none."""

    status: int | None
    fault: str | None

    @property
    def taken(self) -> bool:
        """Whether the receiver took it (any 2xx)."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """Whether the receiver wants nothing more (410)."""
        return self.status == 410


def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host; raises NotAllowed when it has none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise NotAllowed("host-unknown", "expected a host that can be resolved") from None
    return [str(entry[4][0]) for entry in found]


def check_url(url: str, *, private_hosts: bool) -> None:
    """Raise NotAllowed unless ``url`` has the form of an address that may be sent to."""
    parts = urlsplit(url)
    schemes = ("https", "http") if private_hosts else ("https",)
    if len(url) > URL_MAX_CHARS or parts.scheme not in schemes or not parts.hostname:
        raise NotAllowed("url", f"expected an address with {' or '.join(schemes)} and a host")
    if parts.username or parts.password or parts.fragment:
        raise NotAllowed("url", "expected no user, password or fragment in the address")
    try:
        _ = parts.port
    except ValueError:
        raise NotAllowed("url", "expected a port between 1 and 65535") from None


def check_address(url: str, *, private_hosts: bool, resolver: Resolver = resolve) -> str:
    """Return the one network address to connect to; raises NotAllowed when any of the host's is not public."""
    check_url(url, private_hosts=private_hosts)
    parts = urlsplit(url)
    addresses = resolver(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
    if not addresses:
        raise NotAllowed("host-unknown", "expected a host that can be resolved")
    if not private_hosts and not all(_is_public(address) for address in addresses):
        raise NotAllowed("host-private", "expected a host whose addresses are all public")
    return addresses[0]


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.split("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None)
    ip = mapped or ip
    return ip.is_global and not ip.is_multicast


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of ``webhook-signature`` for a message."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def send(
    url: str,
    body: bytes,
    headers: dict[str, str],
    *,
    timeout_s: float,
    private_hosts: bool,
    resolver: Resolver = resolve,
) -> Answered:
    """Send a message; never raises, whatever the receiver does."""
    try:
        address = check_address(url, private_hosts=private_hosts, resolver=resolver)
    except NotAllowed as refused:
        return Answered(None, refused.code)
    parts = urlsplit(url)
    host = f"[{address}]" if ":" in address else address
    netloc = f"{host}:{parts.port}" if parts.port else host
    target = parts._replace(netloc=netloc).geturl()
    request = httpx.Request(
        "POST",
        target,
        content=body,
        headers={**headers, "Host": parts.netloc, "Content-Type": "application/json"},
        extensions={"sni_hostname": parts.hostname or "", "timeout": httpx.Timeout(timeout_s).as_dict()},
    )
    try:
        with httpx.Client(trust_env=False, follow_redirects=False) as client:
            answer = client.send(request, stream=True)
            answer.close()
            return Answered(answer.status_code, None)
    except httpx.TimeoutException:
        return Answered(None, "timeout")
    except httpx.HTTPError:
        return Answered(None, "not-reached")
