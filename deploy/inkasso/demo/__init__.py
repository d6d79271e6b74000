"""``inkasso demo``: several claims' lives in fast-forward on its own server, and the proof that the books agree."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from inkasso.client import Refused, explain
from inkasso.demo.narrator import Narrator, long_date
from inkasso.demo.play import START, Play
from inkasso.demo.proof import show_proof
from inkasso.demo.town import Town
from inkasso.output import console, fail
from inkasso.server import NotStarted, OwnServer

Folder = Annotated[Path | None, typer.Argument(help="En tom mappe for dataene; uten: en ny midlertidig mappe.")]


def run_demo(folder: Folder = None) -> None:
    """Spill flere kravs liv i hurtigspoling og vis at bank, regnskap og andeler stemmer."""
    data = folder or Path(tempfile.mkdtemp(prefix="inkasso-demo-"))
    if data.exists() and any(data.iterdir()):
        fail(f"{data} er ikke tom: demoen begynner med en ny installasjon.", 2)
    narrator = Narrator(console)
    console.print(f"[bold]Kommunal innkreving – demonstrasjon fra {long_date(START)}[/bold]")
    console.print("Starter en egen server …")
    try:
        with OwnServer(data, START) as server:
            town = Town(server.client)
            Play(town, narrator).perform()
            show_proof(town, narrator)
    except NotStarted as stopped:
        fail(f"Serveren startet ikke: {stopped}")
    except Refused as refused:
        raise explain(refused) from None
    console.print(f"\nBrevene ligger i [bold]{data / 'letters'}[/bold], alt annet i {data}.", soft_wrap=True)
    console.print(f"Se nærmere: INKASSO_DATA_DIR={data} make run", soft_wrap=True)
    if narrator.broken:
        fail(f"{len(narrator.broken)} ting stemte ikke:\n" + "\n".join(f"  {text}" for text in narrator.broken))
