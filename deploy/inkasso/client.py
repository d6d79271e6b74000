"""How the command line talks to the running server: HTTP, a token of the local issuer, errors people can act on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import typer
from pydantic import ValidationError

from embedded.settings import EmbeddedSettings
from inkasso.output import fail
from inkasso.tokens import make_token
from inkasso.words import PROBLEMS
from shared.auth import Role
from shared.clock import SystemMachine
from shared.ids import uuid7
from shared.settings import settings_faults

TIMEOUT_S = 30.0
USUAL_PORT = 8000
MOVE_TIMEOUT_S = 3_600.0
"""A move of the clock answers when everything due on the way has happened."""

PAGE = 200

Json = dict[str, Any]


class Refused(Exception):
    """The server answered with a problem; ``problem`` is its body (RFC 9457)."""

    def __init__(self, status: int, problem: Json) -> None:
        super().__init__(f"{status}: {problem.get('detail', '')}")
        self.status = status
        self.problem = problem


class Server:
    """A running server, seen through its public calls. ``base_url`` has no slash at its end."""

    def __init__(self, base_url: str, settings: EmbeddedSettings) -> None:
        self._settings = settings
        self._machine = SystemMachine()
        self._http = httpx.Client(base_url=base_url, timeout=TIMEOUT_S, trust_env=False)
        self._tokens: dict[tuple[Role, str], str] = {}
        self.base_url = base_url

    @staticmethod
    def address_in(settings: EmbeddedSettings) -> str:
        """Return the address that a running server wrote in its data folder, else the one it would have."""
        try:
            return str(json.loads(settings.server_file.read_text("utf-8"))["url"])
        except (OSError, ValueError, KeyError):
            return f"http://127.0.0.1:{settings.port or USUAL_PORT}"

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def get(self, path: str, *, role: Role = Role.OPERATOR, name: str = "", **query: str | int) -> Json:
        """GET ``path``; raises Refused."""
        return self._json(self.send("GET", path, role=role, name=name, params=query))

    def items(self, path: str, *, role: Role = Role.OPERATOR, name: str = "", **query: str | int) -> Iterator[Json]:
        """Go through every page of a list."""
        after: str | int | None = None
        while True:
            cursor = {} if after is None else {"after": after}
            page = self.get(path, role=role, name=name, limit=PAGE, **query, **cursor)
            yield from page["items"]
            after = page["next"]
            if after is None:
                return

    def post(
        self, path: str, body: Any = None, *, role: Role = Role.OPERATOR, name: str = "", timeout: float = TIMEOUT_S
    ) -> Json:
        """POST JSON with a fresh Idempotency-Key; raises Refused."""
        headers = {"Idempotency-Key": uuid7(self._machine)}
        return self._json(self.send("POST", path, role=role, name=name, json=body, headers=headers, timeout=timeout))

    def upload(self, path: str, content: bytes, *, role: Role, file_name: str = "") -> Json:
        """POST raw bytes (a bank file); raises Refused."""
        headers = {"Content-Type": "application/octet-stream"}
        if file_name:
            headers["X-File-Name"] = file_name
        return self._json(self.send("POST", path, role=role, content=content, headers=headers))

    def send(
        self,
        method: str,
        path: str,
        *,
        role: Role,
        name: str = "",
        headers: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> httpx.Response:
        """Send one request as ``role``; ends the command with a clear message when no server answers."""
        bearer = {"Authorization": f"Bearer {self._token(role, name)}", **(headers or {})}
        try:
            return self._http.request(method, path, headers=bearer, **kwargs)
        except httpx.ConnectError:
            fail(f"Ingen server svarer på {self.base_url}. Start den med «python -m embedded» (make run).")
        except httpx.TimeoutException:
            fail(f"Serveren på {self.base_url} svarte ikke i tide.")
        except httpx.TransportError:
            fail(f"Forbindelsen til {self.base_url} ble brutt før svaret kom. Se om serveren fortsatt kjører.")

    def _json(self, response: httpx.Response) -> Json:
        try:
            body = response.json() if response.content else {}
        except json.JSONDecodeError:
            body = {"detail": response.text[:200]}
        if response.is_error:
            raise Refused(response.status_code, body if isinstance(body, dict) else {"detail": str(body)})
        return dict(body)

    def _token(self, role: Role, name: str) -> str:
        given = os.environ.get("INKASSO_TOKEN")
        if given:
            return given
        key = (role, name)
        if key not in self._tokens:
            self._tokens[key] = make_token(self._settings, role, name)
        return self._tokens[key]


class Services(Server):
    """The services of a cluster, each at an address of its own: a path's first part says which is meant.

    ``addresses`` is ``claims-api=http://…,escalation=http://…``. There is no sandbox's clock.
    """

    def __init__(self, addresses: str, settings: EmbeddedSettings) -> None:
        super().__init__("", settings)
        pairs = (pair.strip().partition("=") for pair in addresses.split(","))
        self._addresses = {service: address.rstrip("/") for service, _, address in pairs}
        self.base_url = ", ".join(self._addresses.values())

    def send(self, method: str, path: str, *, role: Role, **kwargs: Any) -> httpx.Response:
        """Send one request to the service it is for."""
        service, _, rest = path.removeprefix("/").partition("/")
        if service not in self._addresses:
            fail(f"INKASSO_URL har ingen adresse for «{service}».")
        return super().send(method, f"{self._addresses[service]}/{rest}", role=role, **kwargs)


def read_settings() -> EmbeddedSettings:
    """Read the settings from the environment; ends the command when they are wrong."""
    try:
        return EmbeddedSettings()
    except ValidationError as wrong:
        fail("\n".join(settings_faults(wrong)))


def connect() -> Server:
    """Find the server: ``INKASSO_URL``, else what the running server wrote in its data folder, else its usual port.

    ``INKASSO_URL`` is one address, or those of a cluster's services (``Services``).
    """
    settings = read_settings()
    url = os.environ.get("INKASSO_URL") or Server.address_in(settings)
    return Services(url, settings) if "=" in url else Server(url.rstrip("/"), settings)


def explain(refused: Refused) -> typer.Exit:
    """Turn a problem into a message on standard error and the exit that goes with it."""
    detail = str(refused.problem.get("detail", ""))
    code = str(refused.problem.get("type", "")).rpartition(":")[2]
    lines = [f"Serveren sa nei ({refused.status}): {PROBLEMS.get(code, detail)}"]
    lines += [f"  {error['field']}: {error['detail']}" for error in refused.problem.get("errors", [])]
    fail("\n".join(lines))
