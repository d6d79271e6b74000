"""What time brings about in claims-api: holds run out, costs step up, values are sealed anew under the current key."""

from __future__ import annotations

from collections.abc import Sequence

from claims_api.deps import Deps
from claims_api.usecases.holds import end_run_out
from claims_api.usecases.keys import reseal
from claims_api.usecases.letters import post_later_costs
from shared.service import Job, Service

PER_RUN = 200


def jobs(deps: Deps) -> Sequence[Job]:
    """Return the periodic work of this service."""

    def end_holds(service: Service) -> int:
        with service.uow() as uow:
            return end_run_out(uow, limit=PER_RUN)

    def reseal_old(service: Service) -> int:
        with service.uow() as uow:
            return reseal(uow, deps, limit=PER_RUN)

    def later_costs(service: Service) -> int:
        with service.uow() as uow:
            return post_later_costs(uow, deps, limit=PER_RUN)

    return [
        Job("end-holds", end_holds),
        Job("later-costs", later_costs),
        Job("reseal", reseal_old, every_s=60.0),
    ]
