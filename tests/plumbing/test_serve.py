"""A service as a process: it answers before it can work, ends in order when told, and ends when it can do no more."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from support.toy import toy

from shared import serve
from shared.bus.embedded import EmbeddedBus
from shared.clock import SystemMachine
from shared.errors import Crash
from shared.serve import DONE, FAILED, ProcessSettings
from shared.service import Service

LOOKS = 400


class Hanging(EmbeddedBus):
    """A log whose consumer can be said to hang."""

    reasons: tuple[str, ...] = ()

    async def stuck(self) -> list[str]:
        return list(self.reasons)


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    """The process under test is the test's own: what it froze is let go again."""
    yield
    gc.unfreeze()


def built(folder: Path) -> tuple[Service, Hanging]:
    bus = Hanging(folder / "bus.db", machine=SystemMachine())
    return toy("escalation", folder, bus), bus


def port_of(listening: socket.socket) -> int:
    port: int = listening.getsockname()[1]
    return port


def ready(port: int) -> int:
    return httpx.get(f"http://127.0.0.1:{port}/ready", trust_env=False).status_code


def test_told_to_stop_it_ends_in_order(tmp_path: Path) -> None:
    service, _bus = built(tmp_path)
    seen: list[int] = []

    def ask_then_stop(port: int) -> None:
        pause = threading.Event()
        for _ in range(LOOKS):
            seen.append(ready(port))
            if seen[-1] == 200:
                break
            pause.wait(0.02)
        os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        asking = threading.Thread(target=ask_then_stop, args=(port_of(listening),))
        asking.start()
        assert serve.serve(service, listening) == DONE
        asking.join()
    assert seen[-1] == 200
    assert signal.getsignal(signal.SIGTERM) is before
    assert service._tasks == []


def test_a_consumer_that_no_longer_moves_ends_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "WATCH_S", 0.05)
    service, bus = built(tmp_path)
    bus.reasons = ("g: claims/3 has not moved for 121 s",)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert serve.serve(service, listening) == FAILED


def test_a_database_it_must_not_work_on_ends_the_process(tmp_path: Path) -> None:
    service, _bus = built(tmp_path)

    def refuse(_tx: object) -> None:
        raise Crash("a key that stored values need is gone")

    service.check = refuse
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert serve.serve(service, listening) == FAILED


def test_while_the_brokers_cannot_be_asked_nobody_is_blamed() -> None:
    class Away:
        async def stuck(self) -> list[str]:
            raise TimeoutError

    assert asyncio.run(serve._stuck(Away())) == []
    assert asyncio.run(serve._stuck(object())) == []


def test_kafka_is_reached_as_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {
        "KAFKA_BOOTSTRAP_SERVERS": "one:9093,two:9093",
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_SASL_MECHANISM": "SCRAM-SHA-256",
        "KAFKA_SASL_USERNAME": "claims-api",
        "KAFKA_SASL_PASSWORD": "hemmelig",
        "KAFKA_CREATE_TOPICS": "0",
    }
    for name, text in told.items():
        monkeypatch.setenv(f"INKASSO_{name}", text)
    process = ProcessSettings()  # type: ignore[call-arg]
    settings = process.kafka("claims-api")
    assert (settings.bootstrap_servers, settings.create_topics) == ("one:9093,two:9093", False)
    assert (settings.replication_factor, settings.min_insync_replicas) == (3, 2)
    arguments = settings.connection("producer")
    assert arguments["sasl_plain_password"] == "hemmelig"
    assert arguments["client_id"].startswith("claims-api-")
    assert "hemmelig" not in repr(process) + repr(settings)
