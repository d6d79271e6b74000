"""A service as a process of its own: how the cluster profile runs each of them.

``python -m claims_api`` and its like are one call of ``main``. The process answers at once and starts to work when its
database and the bus are there; SIGTERM ends it in order (not ready, no new work, what is in work finished, offsets
committed, group left, database closed); a consumer that no longer moves ends it with status 1, to be started anew.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar, runtime_checkable

import uvicorn
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.bus import Bus, BusClosed, BusUnavailable
from shared.bus.kafka import KafkaBus, KafkaSettings
from shared.bus.kafka_settings import Mechanism
from shared.bus.kafka_settings import Protocol as SecurityProtocol
from shared.clock import Clock, Machine, SystemClock, SystemMachine
from shared.errors import Crash, InkassoError
from shared.logs import configure_logs
from shared.service import Service
from shared.settings import BaseServiceSettings, settings_faults

DONE, FAILED, REFUSED = 0, 1, 2
"""Exit statuses: stopped in order; failed, start me again; the settings are wrong, starting again will not help."""

THREADS = 32
REQUESTS_S_MAX = 20
"""How long requests in work may take to end once the process is told to stop."""
COLLECT_AFTER = 200_000
"""New objects before the garbage collector looks at them (Python's own: 700): more than a batch has at any one time."""
WATCH_S = 10.0
WATCH_S_MAX = 60.0

log = logging.getLogger(__name__)

S = TypeVar("S", bound=BaseServiceSettings)
Build = Callable[[S, Bus, Clock, Machine], Service]


class ProcessSettings(BaseSettings):
    """Where the process listens, and how it reaches Kafka (``shared.bus.kafka_settings`` says what each means)."""

    model_config = SettingsConfigDict(env_prefix="INKASSO_", extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)
    kafka_bootstrap_servers: str
    kafka_security_protocol: SecurityProtocol = "PLAINTEXT"
    kafka_sasl_mechanism: Mechanism = "SCRAM-SHA-512"
    kafka_sasl_username: str | None = None
    kafka_sasl_password: SecretStr | None = None
    kafka_ca_file: str | None = None
    kafka_cert_file: str | None = None
    kafka_key_file: str | None = None
    kafka_replication_factor: int = Field(default=3, ge=1)
    kafka_min_insync_replicas: int = Field(default=2, ge=1)
    kafka_create_topics: bool = True
    kafka_publish_timeout_s: float = Field(default=30.0, gt=0)
    kafka_session_timeout_s: float = Field(default=10.0, gt=0)

    def kafka(self, service: str) -> KafkaSettings:
        """Return the bus's settings; raises Crash for a combination that cannot work."""
        password = self.kafka_sasl_password
        return KafkaSettings(
            bootstrap_servers=self.kafka_bootstrap_servers,
            client_id=f"{service}-{socket.gethostname()}-{os.getpid()}",
            security_protocol=self.kafka_security_protocol,
            sasl_mechanism=self.kafka_sasl_mechanism,
            sasl_username=self.kafka_sasl_username,
            sasl_password=None if password is None else password.get_secret_value(),
            ca_file=self.kafka_ca_file,
            cert_file=self.kafka_cert_file,
            key_file=self.kafka_key_file,
            replication_factor=self.kafka_replication_factor,
            min_insync_replicas=self.kafka_min_insync_replicas,
            create_topics=self.kafka_create_topics,
            publish_timeout_s=self.kafka_publish_timeout_s,
            session_timeout_s=self.kafka_session_timeout_s,
        )


def main(name: str, settings_type: type[S], build: Build[S]) -> int:
    """Run a service from the environment's settings until it is told to stop; returns the exit status."""
    return run(name, settings_type, build, SystemClock())


def run(name: str, settings_type: type[S], build: Build[S], clock: Clock) -> int:
    """Run a service under a business clock; returns the exit status."""
    try:
        process = ProcessSettings()
        settings = settings_type(profile="cluster")
        if not settings.database(name).startswith("postgresql"):
            raise Crash("INKASSO_DATABASE_URL: expected the address of a PostgreSQL database")
        configure_logs(settings.log_level)
        machine = SystemMachine()
        service = build(settings, KafkaBus(process.kafka(name), machine=machine), clock, machine)
        listening = socket.create_server((process.host, process.port))
    except ValidationError as wrong:
        sys.stderr.write("".join(f"{line}\n" for line in settings_faults(wrong)))
        return REFUSED
    except (InkassoError, OSError) as refused:
        sys.stderr.write(f"{name}: {refused}\n")
        return REFUSED
    with listening:
        return serve(service, listening)


def serve(service: Service, listening: socket.socket) -> int:
    """Serve on a listening socket until a signal or a failure ends it; returns the exit status."""
    config = uvicorn.Config(
        service.app,
        loop="uvloop",
        http="httptools",
        lifespan="off",  # this function starts and stops the service: it answers before it can work
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=REQUESTS_S_MAX,
    )
    config.load()
    # The server gives a signal back once it has stopped listening; the service is not stopped yet at that moment.
    before = {which: signal.signal(which, lambda *_: None) for which in (signal.SIGTERM, signal.SIGINT)}
    try:
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            return runner.run(_live(service, _Server(config, service), listening))
    finally:
        for which, handler in before.items():
            signal.signal(which, handler)


class _Server(uvicorn.Server):
    """The HTTP server; told to stop, it first lets the service say that it is not ready any more."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service
        self.loop: asyncio.AbstractEventLoop | None = None

    def handle_exit(self, sig: int, frame: object) -> None:
        """Note a signal to stop."""
        if self.loop is not None:
            self.loop.call_soon_threadsafe(self._service.drain)
        super().handle_exit(sig, frame)  # type: ignore[arg-type]


async def _live(service: Service, server: _Server, listening: socket.socket) -> int:
    loop = server.loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix=service.name))
    working = asyncio.create_task(_work(service))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    await asyncio.wait([working, serving], return_when=asyncio.FIRST_COMPLETED)
    status = DONE
    if working.done():  # it ends by failing only
        log.critical("%s ends: %s", service.name, working.exception() or "its consumer no longer moves")
        status = FAILED
        service.drain()
        server.should_exit = True
    working.cancel()
    await asyncio.gather(serving, working, return_exceptions=True)
    await service.stop()
    await service.bus.stop()
    return status


def spare_the_collector() -> None:
    """Let the garbage collector look less often: at what is there now not again, at new objects in larger lots.

    A batch makes hundreds of thousands of objects that live until its commit; at its own pace the collector would walk
    through them over and over and free nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 20)


async def _work(service: Service) -> None:
    """Start, then watch; returns only when the process should end."""
    await service.start_when_possible()
    spare_the_collector()
    log.info("%s works", service.name)
    stuck: list[str] = []
    while not stuck:
        await asyncio.sleep(WATCH_S)
        stuck = await _stuck(service.bus)
    raise Crash("; ".join(stuck))


@runtime_checkable
class _Watched(Protocol):
    """A bus whose consumers can hang."""

    async def stuck(self) -> list[str]: ...


async def _stuck(bus: object) -> list[str]:
    """Return why a consumer of this process no longer moves; nothing while the brokers cannot be asked."""
    if not isinstance(bus, _Watched):
        return []
    try:
        return await asyncio.wait_for(bus.stuck(), WATCH_S_MAX)
    except (BusUnavailable, BusClosed, TimeoutError):
        return []
