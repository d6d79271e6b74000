"""``inkasso parked``: events that could not be applied, and what a person does about them."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from inkasso.client import Refused, connect, explain
from inkasso.output import console, fail, table

app = typer.Typer(help="Hendelser som ikke lot seg bruke: vis, kjør om igjen eller forkast.", no_args_is_help=True)

SERVICES = ("claims-api", "payments-ingest", "escalation", "notifications")

ServiceName = Annotated[str, typer.Argument(help=f"Tjenesten: {', '.join(SERVICES)}.")]
Topic = Annotated[str, typer.Argument(help="Emnet.")]
Key = Annotated[str, typer.Argument(help="Nøkkelen, som oftest saken.")]
Reason = Annotated[str, typer.Option(help="Hvorfor; blir stående i loggen.", prompt="Begrunnelse")]
Who = Annotated[str, typer.Option("--as", help="Operatørens navn. Å forkaste penger krever to.")]


@app.command("list")
def list_keys(service: Annotated[str | None, typer.Argument(help="Bare denne tjenesten.")] = None) -> None:
    """Vis nøkler som venter på et menneske."""
    server = connect()
    shown = table("Parkerte hendelser", "Tjeneste", "Emne", "Nøkkel", "Grunn", "Siden", "Antall", right=("Antall",))
    try:
        for name in [_known(service)] if service else SERVICES:
            for item in server.items(f"/{name}/v1/operator/parked"):
                shown.add_row(name, item["topic"], item["key"], item["reason"], item["since"], str(item["events"]))
    except Refused as refused:
        raise explain(refused) from None
    if shown.row_count:
        console.print(shown)
    else:
        console.print("Ingen hendelser venter.")


@app.command()
def show(service: ServiceName, topic: Topic, key: Key) -> None:
    """Vis hendelsene til en nøkkel i den rekkefølgen de skal brukes."""
    try:
        found = connect().get(f"/{_known(service)}/v1/operator/parked/{topic}/{key}")
    except Refused as refused:
        raise explain(refused) from None
    for event in found["items"]:
        console.print(f"[bold]{event['version']}[/bold] {event['type']} {event['event_id']}")
        console.print(json.dumps(event["data"], ensure_ascii=False, indent=2), markup=False)


@app.command()
def replay(service: ServiceName, topic: Topic, key: Key, reason: Reason, who: Who = "") -> None:
    """Bruk hendelsene nå, i rekkefølge: alle eller ingen."""
    console.print(f"{_act(service, topic, key, 'replay', reason, who)['events']} hendelser brukt.")


@app.command()
def discard(service: ServiceName, topic: Topic, key: Key, reason: Reason, who: Who = "") -> None:
    """Forkast hendelsene. For penger ber den første om det, og en annen gjør det."""
    done = _act(service, topic, key, "discard", reason, who)
    if done["result"] == "requested":
        console.print("Bedt om. En annen operatør må bekrefte med samme kommando og et annet --as.")
    else:
        console.print(f"{done['events']} hendelser forkastet.")


def _act(service: str, topic: str, key: str, what: str, reason: str, who: str) -> dict[str, object]:
    try:
        return connect().post(
            f"/{_known(service)}/v1/operator/parked/{topic}/{key}/{what}", {"reason": reason}, name=who
        )
    except Refused as refused:
        raise explain(refused) from None


def _known(service: str) -> str:
    if service not in SERVICES:
        fail(f"Ukjent tjeneste {service}; kjente er {', '.join(SERVICES)}.", 2)
    return service
