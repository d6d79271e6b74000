"""``python -m embedded``: start the server and serve until it is told to stop."""

from __future__ import annotations

import socket
import sys

import uvicorn
from pydantic import ValidationError

from embedded.compose import Installation, compose
from embedded.settings import EmbeddedSettings
from embedded.welcome import welcome
from shared.errors import InkassoError
from shared.logs import configure_logs
from shared.settings import settings_faults

STOP_S_MAX = 10


def main() -> int:
    """Run the server; returns the exit status (2: it may not start as things are, and says why)."""
    try:
        settings = EmbeddedSettings()
    except ValidationError as wrong:
        sys.stderr.write("".join(f"{line}\n" for line in settings_faults(wrong)))
        return 2
    configure_logs(settings.log_level)
    config = uvicorn.Config(
        "",
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=STOP_S_MAX,
    )
    try:
        listening = socket.create_server((settings.host, settings.port))
    except OSError as taken:
        sys.stderr.write(f"{settings.host}:{settings.port}: {taken.strerror}; INKASSO_PORT chooses another port\n")
        return 2
    with listening:
        try:
            url = f"http://{settings.host}:{listening.getsockname()[1]}"
            installation = compose(settings, url=url, on_start=_greet if settings.sandbox else None)
        except InkassoError as refused:
            sys.stderr.write(f"{refused}\n")
            return 2
        config.app = installation.app
        server = uvicorn.Server(config)
        server.run(sockets=[listening])
        return 0 if server.started else 1


def _greet(installation: Installation) -> None:
    sys.stdout.write(welcome(installation.url, installation.settings.data_dir, installation.clock.today()))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
