"""Periodic work: render what is planned, give channels what is released. Slow work happens outside transactions."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from notifications.channels import Channel, Duplicate, Outcome, Parcel, Refused, RetryLater, Sent
from notifications.domain.letters import Unprintable
from notifications.package_jobs import PackageRoom, make_packages
from notifications.render import Renderer
from notifications.sealed import Opener
from notifications.store import mailings as store
from notifications.store import packages as package_store
from notifications.store.mailings import Letter, Mailing, Renderable
from notifications.usecases import dispatch
from notifications.usecases.facts import facts_of, fee_letter_of
from notifications.usecases.rendering import Made, record_made
from shared.calendar import OSLO, is_working_day
from shared.failpoints import reach
from shared.service import Job, Service

RENDER_MAX = 100
"""Letters rendered in one piece: under a second of work between two commits."""

DISPATCH_MAX = 100
"""Letters given to a channel in one piece."""

EVERY_S = 1.0
WATCH_EVERY_S = 30.0

log = logging.getLogger(__name__)


def jobs(renderer: Renderer, channel: Channel, opener: Opener, packages: PackageRoom) -> list[Job]:
    """Return this service's jobs."""
    return [
        Job("render", partial(render_planned, renderer=renderer, opener=opener), EVERY_S),
        Job("dispatch", partial(dispatch_released, channel=channel), EVERY_S),
        Job("packages", partial(make_packages, room=packages), EVERY_S),
        Job("watch", watch, WATCH_EVERY_S),
    ]


def render_planned(service: Service, renderer: Renderer, opener: Opener) -> int:
    """Render letters that wait for nothing; returns how many were rendered or failed."""
    with service.db.read() as tx:
        items = store.renderable(tx, RENDER_MAX)
        fee_letters = store.find(tx, {demand for item in items if (demand := fee_letter_of(item)) is not None})
    if not items:
        return 0
    made = [_make(service, renderer, opener, item, fee_letters.get(fee_letter_of(item) or "")) for item in items]
    with service.uow() as uow:
        recorded = record_made(uow, made)
    for one in recorded:
        if one.failure is None:
            service.metrics.count("letters_rendered_total", kind=one.letter.kind)
        else:
            service.metrics.count("letters_failed_total", reason=one.failure)
    return len(recorded)


def _make(service: Service, renderer: Renderer, opener: Opener, item: Renderable, fee_letter: Mailing | None) -> Made:
    started = service.machine.monotonic()
    letter, party = item.letter, item.party
    made = Made(letter=letter, party_version=party.version, language=party.language, texts=item.texts)
    try:
        rendered = renderer.pdf(facts_of(item, opener, fee_letter))
    except Unprintable as wrong:
        log.warning("letter %s cannot be rendered: %s", letter.letter_id, wrong.code)
        return replace(made, failure=wrong.code)
    service.metrics.observe("letter_render_seconds", service.machine.monotonic() - started, kind=letter.kind)
    return replace(made, pdf=rendered.pdf, sha256=rendered.sha256, pages=rendered.pages)


def dispatch_released(service: Service, channel: Channel) -> int:
    """Give released letters to the channel and ask about those it may have; returns how many moved on."""
    with service.db.read() as tx:
        due = store.dispatchable(tx, service.machine.now(), service.clock.today(), DISPATCH_MAX)
    if not due:
        return 0
    with service.uow() as uow:
        errand = dispatch.take(uow, [letter.letter_id for letter in due], channel.name)
    reach("notifications.dispatch.submitting")
    outcomes: dict[str, Outcome] = {
        letter.letter_id: _submit(channel, letter, errand.pdfs.get(letter.letter_id), errand.day)
        for letter in errand.submit
    }
    outcomes |= {letter.letter_id: _look_for(channel, letter, errand.day) for letter in errand.look_for}
    if not outcomes:
        return errand.settled
    reach("notifications.dispatch.answered")
    with service.uow() as uow:
        moved = dispatch.record(uow, outcomes)
    _count(service, channel, [*errand.submit, *errand.look_for], outcomes)
    return errand.settled + moved


def watch(service: Service) -> int:
    """Show how many letters wait, and what has waited longer than a whole working day for something to come."""
    limit = _a_working_day_ago(service.clock.today())
    with service.db.read() as tx:
        waiting = store.unfinished(tx)
        late = {"letter": store.planned_before(tx, limit), "package": package_store.planned_before(tx, limit)}
    service.metrics.gauge("letters_waiting", waiting)
    for what, count in late.items():
        service.metrics.gauge("waiting_over_a_day", count, what=what)
        if count:
            log.warning("%d %ss have waited over a working day for a party or a text", count, what)
    return 0


def _a_working_day_ago(today: date) -> datetime:
    """Return the start of the last working day before today: what is older has waited through all of it."""
    day = today - timedelta(days=1)
    while not is_working_day(day):
        day -= timedelta(days=1)
    return datetime.combine(day, time(), OSLO).astimezone(UTC)


def _submit(channel: Channel, letter: Letter, pdf: bytes | None, day: date) -> Outcome:
    if pdf is None:
        return Refused("document_missing")
    if hashlib.sha256(pdf).hexdigest() != letter.sha256:
        return Refused("document_damaged")
    parcel = Parcel(
        letter_id=letter.letter_id,
        submitted_on=day,
        kind=letter.kind,
        case_number=letter.case_number,
        pdf=pdf,
        sha256=letter.sha256,
    )
    try:
        return channel.submit(parcel)
    except Exception:
        # Nobody knows whether it took the letter: it stays submitting, and the next round asks before it sends.
        log.exception("channel %s failed on letter %s", channel.name, letter.letter_id)
        return RetryLater("channel_fault")


def _look_for(channel: Channel, letter: Letter, today: date) -> Outcome:
    try:
        return channel.find(letter.letter_id, letter.submitted_on or today)
    except Exception:
        log.exception("channel %s failed to find letter %s", channel.name, letter.letter_id)
        return RetryLater("channel_fault")


def _count(service: Service, channel: Channel, letters: Sequence[Letter], outcomes: Mapping[str, Outcome]) -> None:
    for letter in letters:
        outcome = outcomes[letter.letter_id]
        if isinstance(outcome, Sent | Duplicate) and outcome.sent_on is not None:
            service.metrics.count("letters_sent_total", kind=letter.kind, channel=channel.name)
        elif isinstance(outcome, Refused):
            service.metrics.count("letters_failed_total", reason=outcome.reason)
