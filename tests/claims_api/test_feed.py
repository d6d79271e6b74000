"""A unit's event feed, and the webhooks that carry it: in order, whole, signed, and for that unit alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from support.claims import OLA, Desk, desk

from claims_api import delivery
from claims_api.delivery import NotAllowed, check_address, send
from claims_api.store import feed
from claims_api.usecases.feed import sweep_feeds, write_feeds

KINDS = "no.kommune.innkreving."


def write(office: Desk) -> int:
    with office.service.uow() as uow:
        return write_feeds(uow, limit=500)


def read(office: Desk, who: dict[str, str] | None = None, **params: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = office.get("/v1/events", who, **params).json()["items"]
    return items


def test_what_happens_to_a_units_claims_is_told_in_one_order(office: Desk) -> None:
    first = office.register(external_ref="A-1")
    office.register(external_ref="B-1", claim_type="after_school", creditor_unit="utdanningsetaten")
    office.register(external_ref="A-2")
    body = {"reason": "relief", "effective_date": "2026-01-20"}
    office.post(f"/v1/claims/{first['claim_id']}/withdrawal", body)
    write(office)
    items = read(office)
    assert [item["position"] for item in items] == list(range(1, len(items) + 1))
    assert [item["type"] for item in items[:2]] == [KINDS + "claim.registered.v1"] * 2
    assert items[-1]["type"] == KINDS + "claim.ended.v1"
    assert [item["data"]["external_refs"] for item in items[:2]] == [["A-1"], ["A-2"]]
    assert {item["claim_id"] for item in read(office, office.agency("utdanningsetaten"))} != {None}
    assert len(read(office, office.agency("utdanningsetaten"))) == 1


def test_nobody_is_told_who_else_is_liable(office: Desk) -> None:
    office.register(co_debtors=[{"kind": "person", "national_id": OLA, "name": "Ola"}])
    write(office)
    assert "debtor_refs" not in read(office)[0]["data"]


def test_reading_on_from_a_position_gives_all_that_came_after(office: Desk) -> None:
    for n in range(5):
        office.register(external_ref=f"A-{n}")
    write(office)
    seen = []
    after = 0
    while items := read(office, after=after, limit=2):
        seen += [item["event_id"] for item in items]
        after = items[-1]["position"]
    assert len(seen) == len(set(seen)) == 5
    assert office.get("/v1/events", after=-1).status_code == 422


def test_writing_twice_and_sweeping_tell_nothing_twice(office: Desk) -> None:
    office.register()
    assert write(office) == 1
    assert write(office) == 0
    with office.service.uow() as uow:
        assert sweep_feeds(uow, limit=100) == 0
    assert len(read(office)) == 1


def test_an_event_that_the_writer_passed_by_is_swept_up(office: Desk) -> None:
    office.register(external_ref="1")
    with office.service.uow() as uow:
        feed.lock_writer(uow.tx)
        feed.move_writer(uow.tx, 10_000)
    assert write(office) == 0
    assert office.run_job("feed-sweep") == 1
    assert len(read(office)) == 1


def test_an_event_that_was_swept_up_before_the_writer_came_no_longer_waits(office: Desk) -> None:
    office.register(external_ref="A-1")
    with office.service.uow() as uow:
        assert sweep_feeds(uow, limit=500) == 1
    with office.service.db.read() as tx:
        assert feed.waiting(tx) == 0
    assert len(read(office)) == 1


def test_a_later_event_brings_the_earlier_ones_of_its_case(office: Desk) -> None:
    office.register(external_ref="1")
    office.register(external_ref="2")
    with office.service.uow() as uow:
        feed.lock_writer(uow.tx)
        feed.move_writer(uow.tx, 1)  # the first row was committed late and lies behind the writer
    assert write(office) == 2
    assert [item["data"]["external_refs"] for item in read(office)] == [["1"], ["2"]]


def test_a_feed_is_for_its_unit_and_the_municipalitys_people(office: Desk) -> None:
    office.register()
    write(office)
    assert read(office, office.auditor(), creditor_unit="bydel-frogner") != []
    assert office.get("/v1/events", office.auditor()).status_code == 422
    assert office.get("/v1/events", office.auditor(), creditor_unit="unknown").status_code == 404
    assert office.get("/v1/events", office.agency("deichman"), creditor_unit="bydel-frogner").status_code == 404


class Receiver:
    """A server that writes down what it gets and answers what it is told to."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *_args: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown()
        receiver.server.server_close()
        thread.join()


def hooked(office: Desk, url: str, **body: Any) -> dict[str, Any]:
    answer = office.post("/v1/webhooks", {"url": url} | body)
    assert answer.status_code == 201, answer.text
    webhook: dict[str, Any] = answer.json()
    return webhook


def webhook_of(office: Desk) -> dict[str, Any]:
    (webhook,) = office.get("/v1/webhooks").json()["items"]
    found: dict[str, Any] = webhook
    return found


def verified(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Check a signature as a receiver would, by the standard's own words."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return hmac.compare_digest(headers["webhook-signature"], f"v1,{expected}")


def test_a_webhook_gets_what_comes_signed_and_once_it_is_taken_goes_on(office: Desk) -> None:
    office.register(external_ref="before")
    write(office)
    with receiving() as receiver:
        webhook = hooked(office, receiver.url)
        assert "secret" not in webhook
        secret = office.get(f"/v1/webhooks/{webhook['webhook_id']}/secret").json()["secret"]
        office.register(external_ref="after")
        write(office)
        assert office.run_job("webhooks") == 1
        assert office.run_job("webhooks") == 0
    ((headers, body),) = receiver.got
    assert verified(secret, headers, body)
    assert not verified(secret, headers, body + b" ")
    items = json.loads(body)["items"]
    assert [item["data"]["external_refs"] for item in items] == [["after"]]
    assert webhook_of(office)["position"] == 2


def test_a_receiver_that_fails_gets_the_same_message_later(office: Desk) -> None:
    with receiving() as receiver:
        webhook = hooked(office, receiver.url, after=0)
        office.register()
        write(office)
        receiver.status = 500
        assert office.run_job("webhooks") == 1
        assert office.run_job("webhooks") == 0  # it is not time yet
        shown = webhook_of(office)
        assert (shown["failures"], shown["last_error"], shown["position"]) == (1, "status-500", 0)
        receiver.status = 204
        assert office.post(f"/v1/webhooks/{webhook['webhook_id']}/resume").json()["failures"] == 0
        assert office.run_job("webhooks") == 1
    assert receiver.got[0][0]["webhook-id"] == receiver.got[1][0]["webhook-id"]
    assert receiver.got[0][1] == receiver.got[1][1]
    assert webhook_of(office)["position"] == 1


def test_a_receiver_that_is_gone_is_not_asked_again(office: Desk) -> None:
    with receiving() as receiver:
        hooked(office, receiver.url, after=0)
        office.register()
        write(office)
        receiver.status = 410
        office.run_job("webhooks")
    assert webhook_of(office)["state"] == "paused"
    assert office.run_job("webhooks") == 0


def test_a_receiver_that_is_not_there_is_noted(office: Desk) -> None:
    with receiving() as receiver:
        url = receiver.url
    hooked(office, url, after=0)
    office.register()
    write(office)
    assert office.run_job("webhooks") == 1
    assert webhook_of(office)["last_error"] == "not-reached"


def test_a_webhook_is_its_units_alone(office: Desk) -> None:
    webhook = hooked(office, "https://example.com/hook")
    path = f"/v1/webhooks/{webhook['webhook_id']}"
    other = office.agency("deichman")
    assert office.get(path + "/secret", other).status_code == 404
    assert office.post(path + "/resume", who=other).status_code == 404
    assert office.client.delete(path, headers=other).status_code == 404
    assert office.client.delete(path, headers=office.agency()).status_code == 204
    assert office.get("/v1/webhooks").json()["items"] == []


def test_there_is_an_end_to_webhooks(office: Desk) -> None:
    for n in range(5):
        hooked(office, f"https://example.com/{n}")
    assert office.post("/v1/webhooks", {"url": "https://example.com/6"}).status_code == 409


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "https://",
        "https://user:pass@example.com/",
        "https://example.com/#part",
        "https://example.com:99999/",
        "https://" + "a" * 600,
        "not an address",
    ],
)
def test_outside_a_sandbox_only_plain_https_addresses_are_kept(tmp_path: Path, url: str) -> None:
    with desk(tmp_path, webhook_private_hosts=False) as office:
        answer = office.post("/v1/webhooks", {"url": url})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "url"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104
        "224.0.0.1",
        "::1",
        "fe80::1%eth0",
        "fc00::1",
        "::ffff:127.0.0.1",
    ],
)
def test_a_name_that_leads_inside_is_not_followed(address: str) -> None:
    with pytest.raises(NotAllowed, match="public"):
        check_address("https://hook.example/", private_hosts=False, resolver=lambda _h, _p: ["1.1.1.1", address])
    answer = send(
        "https://hook.example/", b"{}", {}, timeout_s=1, private_hosts=False, resolver=lambda _h, _p: [address]
    )
    assert (answer.status, answer.fault) == (None, "host-private")


def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    with receiving() as receiver:
        url = receiver.url.replace("127.0.0.1", "hook.example")
        answer = send(url, b"{}", {}, timeout_s=5, private_hosts=True, resolver=lambda _h, _p: ["127.0.0.1"])
    assert answer.taken
    assert receiver.got[0][0]["host"].startswith("hook.example:")


def test_a_redirect_is_not_followed() -> None:
    with receiving() as receiver:
        receiver.status = 302
        answer = send(receiver.url, b"{}", {}, timeout_s=5, private_hosts=True)
    assert (answer.status, answer.taken) == (302, False)


def test_a_signature_is_the_standards_own_example() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    signature = delivery.sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
