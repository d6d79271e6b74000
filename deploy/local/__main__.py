"""``python -m local``: the parts of a cluster, and the whole of it, on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from local import cluster as whole
from local import up as parts
from local.layout import SERVICES, Layout
from local.maven import ROOT, PartMissing
from local.postgres import new_database
from local.process import StartFailed
from shared.auth import Role

app = typer.Typer(
    help="A real Kafka broker, a real PostgreSQL server, and the services on them.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
cluster = typer.Typer(help="The whole cluster profile: both parts and the four services.", no_args_is_help=True)
app.add_typer(cluster, name="cluster")

Folder = Annotated[Path, typer.Option(help="Where data, keys and logs lie.")]
DEFAULT = ROOT / "var" / "local"
CLUSTER = ROOT / "var" / "cluster"


@app.command()
def up(folder: Folder = DEFAULT) -> None:
    """Start broker and server and print what to put in the environment; exit code 1 if one cannot be had."""
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


@cluster.command("up")
def cluster_up(
    folder: Folder = CLUSTER,
    port: Annotated[int, typer.Option(help="Port of the first service; the others follow.")] = whole.FIRST_PORT,
) -> None:
    """Start everything that does not run yet and say where to go; exit code 1 if it does not come up."""
    try:
        running = whole.up(folder.resolve(), port)
    except (PartMissing, StartFailed) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from None
    for service, one in running.items():
        typer.echo(f"{service:16} {one.url}/docs  (process {one.pid}, log {folder / service / 'service.log'})")
    typer.echo("a token:         .venv/bin/python -m local cluster token agency bydel-frogner")
    typer.echo('command line:    eval "$(.venv/bin/python -m local cluster env operator Olav)"; .venv/bin/inkasso')
    typer.echo("stop:            make down-local")


@cluster.command("status")
def cluster_status(folder: Folder = CLUSTER) -> None:
    """Print which services run; exit code 1 if none does."""
    running = whole.status(folder.resolve())
    for service, one in running.items():
        typer.echo(f"{service}: process {one.pid}, {one.url}")
    if not running:
        typer.echo("nothing runs")
        raise typer.Exit(1)


@cluster.command("down")
def cluster_down(folder: Folder = CLUSTER) -> None:
    """Stop services and parts; the data stays."""
    for name in whole.down(folder.resolve()):
        typer.echo(f"{name} stopped")


@cluster.command("token")
def cluster_token(
    role: Annotated[Role, typer.Argument(help="Role of the holder.")],
    name: Annotated[str, typer.Argument(help="An agency's unit, a debtor's reference, else a person's name.")] = "",
    folder: Folder = CLUSTER,
) -> None:
    """Print a token of the cluster's own issuer."""
    typer.echo(Layout(folder=folder.resolve()).token(role, name))


@cluster.command("env")
def cluster_env(
    role: Annotated[Role, typer.Argument(help="Role to work as.")],
    name: Annotated[str, typer.Argument(help="An agency's unit, a debtor's reference, else a person's name.")] = "",
    folder: Folder = CLUSTER,
) -> None:
    """Print what makes ``inkasso`` talk to the services that run; exit code 1 if none does."""
    running = whole.status(folder.resolve())
    if not running:
        typer.echo("nothing runs", err=True)
        raise typer.Exit(1)
    typer.echo(f"export INKASSO_URL={','.join(f'{service}={one.url}' for service, one in running.items())}")
    typer.echo(f"export INKASSO_TOKEN={Layout(folder=folder.resolve()).token(role, name)}")


@cluster.command("prepare")
def cluster_prepare(
    folder: Annotated[Path, typer.Argument(help="Where the keys shall lie.")],
    server: Annotated[str, typer.Option(envvar="DATABASE_URL", help="The server, as a role that may create roles.")],
    password: Annotated[str, typer.Option(envvar="INKASSO_DB_PASSWORD", help="Of the services' ordinary roles.")],
) -> None:
    """Make every key and every database of a new installation, unless it is there; ``compose`` runs this first."""
    layout = Layout(folder=folder.resolve())
    layout.make_keys()
    for service in SERVICES:
        layout.data_dir(service).mkdir(parents=True, exist_ok=True)
        name = service.replace("-", "_")
        new_database(server, name, owner=(name, password))


@cluster.command("creditors")
def cluster_creditors(
    url: Annotated[str, typer.Argument(help="Where claims-api answers.")], folder: Folder = CLUSTER
) -> None:
    """Hand in the sample municipality's creditors, unless they are there."""
    whole.load_creditors(Layout(folder=folder.resolve()), url)


if __name__ == "__main__":
    app(prog_name="python -m local")
