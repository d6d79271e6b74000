"""How Kafka is reached and used: every setting that matters is stated, because the client's defaults are unsafe.

The defaults it would otherwise take: ``acks=1``, no idempotence, automatic commits, start at the *newest* record, and a
rebalance timeout equal to the session timeout.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Any, Literal

from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.helpers import create_ssl_context
from aiokafka.record import default_records

from shared.bus import MAX_POLL_BYTES
from shared.errors import Crash

Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]

REQUEST_MS = 30_000
STOP_S = 10.0
"""How long any one stop may take; a hanging one must not eat the whole grace period."""
REBALANCE_MS = 60_000
DRAIN_S = 25.0
"""How long a rebalance waits for the batch in work; well below ``REBALANCE_MS``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSettings:
    """Where the brokers are, who we are, and what the topics are created with.

    ``security_protocol`` with ``SASL`` needs user name and password; with ``SSL`` the files are PEM, ``ca_file`` None
    means the system's authorities, and ``cert_file`` with ``key_file`` is a client certificate. ``flush_each`` None
    means: force every append to disk when there is no second replica. ``create_topics`` False leaves creation to those
    who run the cluster; a missing topic is then an error at start. A publish without an answer after
    ``publish_timeout_s`` is given up as unknown: an idempotent producer alone would retry for ever. A start tries for
    ``start_timeout_s``. A member that died keeps its partitions for ``session_timeout_s``; with less, a busy one would
    count as dead.
    """

    bootstrap_servers: str
    client_id: str
    security_protocol: Protocol = "PLAINTEXT"
    sasl_mechanism: Mechanism = "SCRAM-SHA-512"
    sasl_username: str | None = None
    sasl_password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    compression: Literal["gzip", "lz4", "snappy", "zstd"] | None = None
    replication_factor: int = 3
    min_insync_replicas: int = 2
    flush_each: bool | None = None
    create_topics: bool = True
    publish_timeout_s: float = 30.0
    session_timeout_s: float = 10.0
    start_timeout_s: float = 60.0

    def __post_init__(self) -> None:
        """Refuse combinations that would fail late or silently."""
        if self.security_protocol.startswith("SASL") and not (self.sasl_username and self.sasl_password):
            raise Crash(f"{self.security_protocol} needs a user name and a password")
        if not self.security_protocol.startswith("SASL") and (self.sasl_username or self.sasl_password):
            raise Crash(f"a Kafka user is given, but {self.security_protocol} would not use it")
        if bool(self.cert_file) != bool(self.key_file):
            raise Crash("a Kafka client certificate needs both cert_file and key_file")
        if self.min_insync_replicas > self.replication_factor:
            raise Crash(f"min_insync_replicas {self.min_insync_replicas} is above {self.replication_factor} replicas")

    def connection(self, purpose: str) -> dict[str, Any]:
        """Return the arguments every aiokafka client takes; ``purpose`` tells the clients of one process apart."""
        arguments: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap_servers,
            "client_id": f"{self.client_id}-{purpose}",
            "security_protocol": self.security_protocol,
            "ssl_context": self._tls(),
            "request_timeout_ms": REQUEST_MS,
            "retry_backoff_ms": 200,
            "metadata_max_age_ms": 60_000,
            "connections_max_idle_ms": 540_000,
        }
        if self.security_protocol.startswith("SASL"):
            arguments["sasl_mechanism"] = self.sasl_mechanism
            arguments["sasl_plain_username"] = self.sasl_username
            arguments["sasl_plain_password"] = self.sasl_password
        return arguments

    def producer(self) -> dict[str, Any]:
        """Return the producer's arguments: every replica acknowledges, and a resent batch is not written twice."""
        return {
            **self.connection("producer"),
            "acks": "all",
            "enable_idempotence": True,
            "linger_ms": 5,
            "max_batch_size": 131_072,
            "max_request_size": 1_000_000,
            "compression_type": self.compression,
        }

    def consumer(self, group: str) -> dict[str, Any]:
        """Return a group member's arguments: nothing is committed that was not committed explicitly.

        One assignor only: with two, aiokafka 0.14 sends a join request for each and never settles. Round-robin keeps no
        state, whereas the sticky one shares its state between all consumers of a process. No static membership:
        heartbeats and commits would not carry the member's name.
        """
        return {
            **self.connection("consumer"),
            "group_id": group,
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
            "isolation_level": "read_committed",
            "partition_assignment_strategy": (RoundRobinPartitionAssignor,),
            "session_timeout_ms": int(self.session_timeout_s * 1000),
            "heartbeat_interval_ms": int(self.session_timeout_s * 300),
            "max_poll_interval_ms": 300_000,
            "rebalance_timeout_ms": REBALANCE_MS,
            "fetch_max_wait_ms": 500,
            "fetch_min_bytes": 1,
            "fetch_max_bytes": MAX_POLL_BYTES,
            "max_partition_fetch_bytes": 1 << 20,
            "check_crcs": True,
        }

    def _tls(self) -> ssl.SSLContext | None:
        if "SSL" not in self.security_protocol:
            return None
        context: ssl.SSLContext = create_ssl_context(
            cafile=self.ca_file, certfile=self.cert_file, keyfile=self.key_file
        )
        return context


def require_c_extension() -> None:
    """Raise ``Crash`` if aiokafka fell back, silently, to its pure Python records: 20 times slower at reading."""
    if default_records.DefaultRecordBatch is default_records._DefaultRecordBatchPy:
        raise Crash("aiokafka runs without its C extension; install a wheel for this platform")
