"""An embedded server of one's own: started as a process on a free port with its own data folder, stopped at the end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Self

from embedded.settings import EmbeddedSettings
from inkasso.client import Server
from shared.clock import SystemMachine

START_S_MAX = 60.0
STOP_S_MAX = 30.0
POLL_S = 0.05
LOG_FILE = "server.log"
LOG_TAIL = 5
LINE_MAX = 240


class NotStarted(Exception):
    """The server ended, or did not answer in time; says what it wrote last."""


class OwnServer:
    """A context: inside it ``client`` talks to a running embedded sandbox whose files lie in ``folder``."""

    def __init__(self, folder: Path, business_date: date | None = None, extra: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("INKASSO_")},
            "INKASSO_DATA_DIR": str(folder),
            "INKASSO_PORT": "0",
            "INKASSO_SANDBOX": "1",
            **({"INKASSO_BUSINESS_DATE": business_date.isoformat()} if business_date else {}),
            **(extra or {}),
        }
        self._machine = SystemMachine()
        self._process: subprocess.Popen[bytes] | None = None
        self._client: Server | None = None

    @property
    def client(self) -> Server:
        """The server seen through its public calls."""
        if self._client is None:
            raise RuntimeError("the server is not running")
        return self._client

    def start(self) -> None:
        """Start the process and wait until it is ready; raises NotStarted."""
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = EmbeddedSettings(data_dir=self.folder, sandbox=True, port=0)
        settings.server_file.unlink(missing_ok=True)
        with (self.folder / LOG_FILE).open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "embedded"], env=self._environment, stdout=subprocess.DEVNULL, stderr=log
            )
        try:
            self._client = Server(self._address(settings), settings)
        except BaseException:
            self.stop()
            raise

    def _address(self, settings: EmbeddedSettings) -> str:
        give_up_at = self._machine.monotonic() + START_S_MAX
        while not settings.server_file.exists():
            if self._process is not None and self._process.poll() is not None:
                raise NotStarted(f"the server ended with status {self._process.returncode}:\n{self.log_tail()}")
            if self._machine.monotonic() > give_up_at:
                raise NotStarted(f"the server did not start within {START_S_MAX:.0f} s:\n{self.log_tail()}")
            time.sleep(POLL_S)
        return Server.address_in(settings)

    def stop(self) -> int | None:
        """Ask the process to end, wait for it, and return its status."""
        if self._client is not None:
            self._client.close()
            self._client = None
        process, self._process = self._process, None
        if process is None:
            return None
        process.terminate()
        try:
            return process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def kill(self) -> None:
        """End the process at once, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self.stop()

    def log_tail(self) -> str:
        """Return the beginning of the last lines the server wrote, and where all of it is."""
        path = self.folder / LOG_FILE
        lines = path.read_text("utf-8", "replace").splitlines()
        return "\n".join([*(line[:LINE_MAX] for line in lines[-LOG_TAIL:]), f"({path})"])

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()
