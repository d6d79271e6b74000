"""One Apache Kafka 4 broker (KRaft, its own controller) in a folder."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from local.maven import PartMissing, java, resolve
from local.process import answers, free_port, runs, spawn, stop, wait_until

START_SECONDS = 60
STOP_SECONDS = 20

# The two session settings let a broker come back soon after kill -9: it waits until its old session has ended.
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={folder}/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=5
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
"""


def class_path() -> str:
    """Return the class path of a broker: the jars of ``KAFKA_HOME``, else Maven's. Raises ``PartMissing``."""
    home = os.environ.get("KAFKA_HOME")
    if home is None:
        return f"{resolve('kafka')}/*"
    libraries = Path(home) / "libs"
    if not list(libraries.glob("kafka-clients-4.*.jar")):
        raise PartMissing("kafka", f"KAFKA_HOME has no libs/kafka-clients-4.*.jar: {home}")
    return f"{libraries}/*"


class Kafka:
    """A broker with its data in ``folder``; the same folder may be started again and keeps its ports and records.

    ``bound``: the broker dies with this process. ``extra``: further lines of its configuration, when it is formatted.
    Use as a context manager, or ``start`` and ``stop``.
    """

    def __init__(
        self, folder: Path, *, heap_mb: int = 320, bound: bool = True, extra: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.log = folder / "broker.log"
        self.bootstrap = ""
        self.pid = 0
        self._heap_mb = heap_mb
        self._bound = bound
        self._extra = dict(extra or {})
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Kafka:
        """Start the broker and return when it answers; format the folder the first time."""
        runtime, jars = java(), class_path()
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = self.folder / "server.properties"
        if not settings.exists():
            self._format(runtime, jars, settings)
        port = int(settings.read_text().partition("listeners=PLAINTEXT://127.0.0.1:")[2].partition(",")[0])
        command = [runtime, f"-Xmx{self._heap_mb}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", jars]
        command += ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "kafka.Kafka", str(settings)]
        self._process = spawn(command, self.log, bound=self._bound)
        self.pid = self._process.pid
        wait_until(lambda: answers(port), self._process, self.log, START_SECONDS)
        self.bootstrap = f"127.0.0.1:{port}"
        return self

    def _format(self, runtime: str, jars: str, settings: Path) -> None:
        content = _PROPERTIES.format(port=free_port(), controller=free_port(), folder=self.folder)
        settings.touch(mode=0o600)
        settings.write_text(content + "".join(f"{name}={value}\n" for name, value in self._extra.items()))
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        command = [runtime, "-XX:TieredStopAtLevel=1", "-cp", jars, "kafka.tools.StorageTool", "format"]
        command += ["--standalone", f"--cluster-id={cluster}", "-c", str(settings)]  # the id may begin with a hyphen
        done = subprocess.run(command, capture_output=True, text=True, timeout=START_SECONDS, check=False)  # noqa: S603
        if done.returncode != 0:
            settings.unlink()
            raise PartMissing(
                "kafka", f"the folder could not be formatted: {(done.stderr or done.stdout).strip()[-300:]}"
            )

    def stop(self) -> None:
        """Shut the broker down cleanly."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """kill -9: what a crash leaves behind."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def __enter__(self) -> Kafka:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def stop_detached(pid: int, folder: Path) -> None:
    """Stop a broker that an earlier command started in ``folder``."""
    stop(pid, str(folder / "server.properties"), signal.SIGTERM, STOP_SECONDS)


def is_running(pid: int, folder: Path) -> bool:
    """Whether ``pid`` is the broker of ``folder``."""
    return runs(pid, str(folder / "server.properties"))
