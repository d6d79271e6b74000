"""docs/tutorial.md works as it stands: every command in order, and what it says will be seen is seen."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

from inkasso.server import OwnServer

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
SHOWN = "--- shown by command"


def steps() -> list[tuple[str, list[str]]]:
    """Return each command of the page with the lines that stand below it."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line.removeprefix("$ "), []))
            else:
                found[-1][1].append(line)
    return [step for step in found if "activate" not in step[0]]


def flat(text: str) -> str:
    """Return text as a reader takes it in: tables are folded to the terminal's width, numbers have hard spaces."""
    return " ".join(re.sub(r"[│┃]", " ", text).split())


def test_every_command_of_the_tutorial_shows_what_it_says(tmp_path: Path) -> None:
    (start,) = re.findall(r"INKASSO_BUSINESS_DATE=(\S+) make run", PAGE.read_text("utf-8"))
    folder = tmp_path / "var" / "tutorial"
    server = OwnServer(folder, date.fromisoformat(start), {})
    server.start()
    try:
        address = server.client.base_url
        script = "".join(f"{command}\necho '{SHOWN}'\n" for command, _ in steps())
        script = script.replace("http://127.0.0.1:8111", address).replace("=8111", f"={address.rpartition(':')[2]}")
        environment = {key: text for key, text in os.environ.items() if not key.startswith("INKASSO_")}
        environment |= {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "200"}
        run = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        server.kill()
    parts = run.stdout.split(SHOWN)
    assert run.returncode == 0, (steps()[len(parts) - 1][0], parts[-1], run.stderr)
    for (command, lines), shown in zip(steps(), parts, strict=False):
        for line in lines:
            assert flat(line) in flat(shown), command
    assert len(parts) == len(steps()) + 1
