"""``inkasso bus``: reading a topic again from an earlier place, or publishing it again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from inkasso.client import Refused, connect, explain
from inkasso.output import console, fail
from inkasso.parked import SERVICES, Reason, Topic, Who
from shared.calendar import OSLO

app = typer.Typer(help="Emnene: les om igjen fra et tidligere sted, eller send om igjen.", no_args_is_help=True)

ServiceName = Annotated[str, typer.Argument(help=f"Tjenesten: {', '.join(SERVICES)}.")]
Instant = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Oslo-tid.")]


@app.command()
def rewind(
    service: ServiceName,
    topic: Topic,
    reason: Reason,
    offset: Annotated[int | None, typer.Option(help="Fra denne posisjonen i loggen.", min=0)] = None,
    time: Instant = None,
    partition: Annotated[int | None, typer.Option(help="Bare denne partisjonen.", min=0)] = None,
    who: Who = "",
) -> None:
    """Les et emne om igjen. Det som alt er brukt, kjennes igjen og brukes ikke en gang til."""
    if (offset is None) == (time is None):
        fail("Oppgi enten --offset eller --time.", 2)
    body = {"topic": topic, "offset": offset, "partition": partition, "time": _instant(time), "reason": reason}
    stands = _act(service, "rewind", body, who)["offsets"]
    console.print(", ".join(f"{number}: {at}" for number, at in stands.items()))


@app.command()
def republish(
    service: ServiceName,
    topic: Topic,
    reason: Reason,
    key: Annotated[str | None, typer.Option(help="Bare denne nøkkelen, som oftest saken.")] = None,
    since: Instant = None,
    until: Instant = None,
    who: Who = "",
) -> None:
    """Send om igjen det tjenesten har sendt før, i rekkefølge."""
    body: dict[str, Any] = {"topic": topic, "key": key, "since": _instant(since), "until": _instant(until)}
    sent, after = 0, None
    while True:
        done = _act(service, "republish", {**body, "after": after, "reason": reason}, who)
        sent, after = sent + done["records"], done["next"]
        if after is None:
            break
    console.print(f"{sent} venter på å bli sendt om igjen.")


def _instant(when: datetime | None) -> str | None:
    return None if when is None else when.replace(tzinfo=OSLO).isoformat()


def _act(service: str, what: str, body: dict[str, Any], who: str) -> dict[str, Any]:
    if service not in SERVICES:
        fail(f"Ukjent tjeneste {service}; kjente er {', '.join(SERVICES)}.", 2)
    try:
        return connect().post(f"/{service}/v1/operator/{what}", body, name=who)
    except Refused as refused:
        raise explain(refused) from None
