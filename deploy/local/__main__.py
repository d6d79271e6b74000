"""``python -m local up | status | down``: a Kafka broker and a PostgreSQL server for development."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from local import up as parts
from local.maven import ROOT

app = typer.Typer(help="A real Kafka broker and a real PostgreSQL server on this machine.", no_args_is_help=True)
Folder = Annotated[Path, typer.Option(help="Where their data and logs lie.")]
DEFAULT = ROOT / "var" / "local"


@app.command()
def up(folder: Folder = DEFAULT) -> None:
    """Start both and print what to put in the environment; exit code 1 if one cannot be had."""
    missing = False
    for name, part in parts.up(folder.resolve()).items():
        if isinstance(part, str):
            missing = True
            typer.echo(f"# {name} is MISSING: {part}", err=True)
        else:
            typer.echo(f"export {parts.NAMES[name]}={part.address}")
    if missing:
        raise typer.Exit(1)


@app.command()
def status(folder: Folder = DEFAULT) -> None:
    """Print what runs; exit code 1 if nothing does."""
    running = parts.status(folder.resolve())
    for name, part in running.items():
        typer.echo(f"{name}: process {part.pid}, {part.address.rpartition('@')[2]}")
    if not running:
        typer.echo("nothing runs")
        raise typer.Exit(1)


@app.command()
def down(folder: Folder = DEFAULT) -> None:
    """Stop what ``up`` started; the data stays."""
    for name in parts.down(folder.resolve()):
        typer.echo(f"{name} stopped")


if __name__ == "__main__":
    app(prog_name="python -m local")
