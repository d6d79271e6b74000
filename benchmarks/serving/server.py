"""One uvicorn worker that takes claims in: ours, or the same application with another way behind the same route.

    python server.py WAY FOLDER DATABASE_URL        prints the port it listens on

*ours*: the service as it is. *bare*: authentication, reading and every rule of the same route, and nothing stored.
*orm*: the same, and a session, objects and a commit per request. Neither the relay nor the jobs run in any of them.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(ROOT), str(ROOT / "services" / "claims-api")]


def service_of(folder: Path, url: str) -> Any:
    """A claims-api on this database, built and not started."""
    from pydantic import SecretStr

    from claims_api.app import build
    from claims_api.settings import Settings
    from serving.bodies import TODAY
    from shared.bus.embedded import EmbeddedBus
    from shared.clock import ManualClock, SystemMachine

    machine = SystemMachine()
    settings = Settings(data_dir=folder, database_url=SecretStr(url), sandbox=True)
    return build(settings, EmbeddedBus(folder / "bus.db", machine=machine), ManualClock(TODAY), machine)


class Bare:
    """Stands where the group commit does, checks a claim by every rule and answers; stores nothing."""

    def __init__(self, service: Any) -> None:
        from claims_api.usecases.register import UnitTerms

        with service.db.read() as tx:
            self.terms = UnitTerms(tx, service.clock.today())
            self.terms.of("bydel-frogner")

    async def submit(self, call: Any) -> Any:
        from fastapi import Response

        from claims_api.api.intake import accepted, rules_of
        from claims_api.api.views import ClaimOut

        accepted(call.asked, self.terms, rules_of(call.asked.ctx))
        answer = ClaimOut(
            claim_id="01890a5d-ac96-774b-bcce-b302099a8057",
            case_id="01890a5d-ac96-774b-bcce-b302099a8058",
            case_number="2600000018",
            kid="126000000100018",
            status="accepted",
            balance_ore=300_000,
            case_version=1,
            prior_notice="none",
        )
        return Response(answer.model_dump_json(), status_code=201, media_type="application/json")


def main(way: str, folder: str, url: str) -> None:
    """Serves until it is killed."""
    import uvicorn

    from serving.orm import OneByOne
    from shared.serve import spare_the_collector

    service = service_of(Path(folder), url)
    if way != "ours":
        service.app.state.intake = {"bare": Bare, "orm": OneByOne}[way](service)
    listening = socket.create_server(("127.0.0.1", 0), backlog=512)
    print(listening.getsockname()[1], flush=True)
    config = uvicorn.Config(
        service.app, loop="uvloop", http="httptools", lifespan="off", log_config=None, access_log=False
    )
    config.load()
    spare_the_collector()  # as a service does once it has started
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main(*sys.argv[1:])
