"""The container files say what the code expects: commands, settings, ports, databases, versions, metrics."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from pydantic_settings import BaseSettings
from sqlalchemy.engine import make_url
from typer.testing import CliRunner

from local import cluster
from local.__main__ import app as local_app
from local.layout import ISSUER, SERVICES, Layout
from local.postgres import SETTINGS, plain
from shared.auth import Role, verifier
from shared.clock import SystemMachine
from shared.metrics import CATALOGUE, PREFIX
from shared.serve import ProcessSettings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
LINES = [line for line in DOCKERFILE.splitlines() if line and not line.startswith("#")]


def service(name: str) -> dict[str, Any]:
    found: dict[str, Any] = COMPOSE["services"][name]
    return found


def image_environment() -> dict[str, str]:
    (line,) = [line for line in LINES if line.startswith("ENV PATH=")]
    return dict(re.findall(r"(\w+)=(\S+)", line))


def environment(name: str) -> dict[str, str]:
    """What the process of a service sees, with a password filled in."""
    own = {
        key: re.sub(r"\$\{INKASSO_DB_PASSWORD:[^}]*\}", "secret", text)
        for key, text in service(name)["environment"].items()
    }
    return {**image_environment(), **own}


def settings_of(name: str) -> type[BaseSettings]:
    found: type[BaseSettings] = importlib.import_module(f"{SERVICES[name]}.settings").Settings
    return found


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_told_what_it_understands_and_nothing_else(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told = environment(name)
    known = {f"INKASSO_{field.upper()}" for field in (*settings_of(name).model_fields, *ProcessSettings.model_fields)}
    everybodys = {"INKASSO_NOTIFICATIONS_PUBLIC_KEY"}  # claims-api alone reads it
    assert {key for key in told if key.startswith("INKASSO_")} - everybodys <= known
    for key, text in told.items():
        if key.startswith("INKASSO_"):
            monkeypatch.setenv(key, text)
    process, own = ProcessSettings(), settings_of(name)(profile="cluster")  # type: ignore[call-arg]
    assert (process.host, process.port) == ("0.0.0.0", 8000)  # noqa: S104
    assert process.kafka(name).replication_factor == 1
    assert own.sandbox is False  # type: ignore[attr-defined]
    url = make_url(told["INKASSO_DATABASE_URL"])
    database = name.replace("-", "_")
    assert (url.username, url.database, url.host, url.port) == (database, database, "postgres", 5432)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_runs_its_own_package_on_its_own_port_and_may_do_little(name: str) -> None:
    one = service(name)
    assert one["command"] == [SERVICES[name]]
    assert importlib.util.find_spec(f"{SERVICES[name]}.__main__") is not None
    port = cluster.FIRST_PORT + list(SERVICES).index(name)
    assert one["ports"] == [f"127.0.0.1:{port}:8000"]
    assert (one["read_only"], one["cap_drop"], one["security_opt"]) == (True, ["ALL"], ["no-new-privileges:true"])
    grace = int(one["stop_grace_period"].removesuffix("s"))
    assert grace > 20 + 25, "requests in work and batches in work end before the kill"
    mounted = {mount["target"]: mount["volume"]["subpath"] for mount in one["volumes"]}
    assert mounted == {"/data": name, "/public": "public"}


def test_every_other_part_is_the_one_that_is_tested_with() -> None:
    def pinned(part: str) -> str:
        pom = (DEPLOY / "local" / "poms" / f"{part}.xml").read_text("utf-8")
        return re.findall(r"<version>([\d.]+)</version>", pom)[1]

    assert service("kafka")["image"] == f"apache/kafka:{pinned('kafka')}"
    assert service("postgres")["image"].startswith(f"postgres:{pinned('postgres').removesuffix('.0')}")
    kafka = service("kafka")["environment"]
    assert kafka["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert (
        kafka["KAFKA_ADVERTISED_LISTENERS"]
        == f"PLAINTEXT://{environment('claims-api')['INKASSO_KAFKA_BOOTSTRAP_SERVERS']}"
    )
    for part in COMPOSE["services"].values():
        assert ":" in part["image"]
        assert not part["image"].endswith(":latest")


def test_the_database_server_is_set_up_by_the_file_that_operators_get() -> None:
    mounted = {
        target: DEPLOY / source for source, target, *_ in (one.split(":") for one in service("postgres")["volumes"])
    }
    (at,) = (part for part in service("postgres")["command"] if part.startswith("config_file="))
    assert mounted[at.removeprefix("config_file=")].samefile(SETTINGS)


def test_the_image_is_built_from_locked_packages_and_does_not_run_as_root() -> None:
    bases = [line.split()[1] for line in LINES if line.startswith("FROM")]
    assert len(set(bases)) == 1
    assert "--require-hashes" in DOCKERFILE
    assert [line for line in LINES if line.startswith("USER")] == ["USER 10001:10001"]
    assert 'ENTRYPOINT ["python", "-m"]' in LINES
    for source in re.findall(r"^COPY (?!--from)(\S+)", DOCKERFILE, re.MULTILINE):
        assert (ROOT / source).exists()
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").split()
    assert "deploy/.env" in ignored


def test_what_is_copied_into_the_image_is_enough_to_run_every_service(tmp_path: Path) -> None:
    """The image's folders alone, with its own search path: every service's process gets as far as its settings."""
    for source, target in re.findall(r"^COPY (?!--from)(\S+) /app/(\S+)", DOCKERFILE, re.MULTILINE):
        shutil.copytree(ROOT / source, tmp_path / target, ignore=shutil.ignore_patterns("__pycache__"))
    path = image_environment()["PYTHONPATH"].replace("/app", str(tmp_path))
    clean = {key: text for key, text in os.environ.items() if not key.startswith("INKASSO_")}
    for package in SERVICES.values():
        run = subprocess.run(
            [sys.executable, "-m", package],
            env={**clean, "PYTHONPATH": path},
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert (run.returncode, run.stderr.split(":")[0]) == (2, "INKASSO_KAFKA_BOOTSTRAP_SERVERS"), run.stderr


def test_a_new_installation_is_prepared_once(tmp_path: Path, postgres_url: str) -> None:
    command = [part.replace("/cluster", str(tmp_path)) for part in service("prepare")["command"]]
    assert command[0] == "local"
    given = {"DATABASE_URL": postgres_url, "INKASSO_DB_PASSWORD": "secret"}
    assert set(given) == set(service("prepare")["environment"])
    kept: list[bytes] = []
    for _ in range(2):
        run = CliRunner().invoke(local_app, command[1:], env=given)
        assert run.exit_code == 0, run.output
        kept.append(b"".join(file.read_bytes() for file in sorted(tmp_path.rglob("*")) if file.is_file()))
    assert kept[0] == kept[1]
    for name in SERVICES:
        own = name.replace("-", "_")
        url = make_url(postgres_url).set(username=own, password="secret", database=own)
        with psycopg.connect(plain(url.render_as_string(hide_password=False))) as connection:
            assert connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (
                False,
            )
        with psycopg.connect(plain(postgres_url), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {own}")
            connection.execute(f"DROP ROLE {own}")


def test_a_token_of_the_local_issuer_is_one_the_services_take(tmp_path: Path) -> None:
    layout = Layout(folder=tmp_path)
    layout.make_keys()
    told = environment("claims-api")
    assert told["INKASSO_ISSUER"] == ISSUER
    verify = verifier(
        keys_dir=tmp_path / "none",
        sandbox=False,
        issuer=ISSUER,
        jwks_file=str(layout.public / Path(told["INKASSO_ISSUER_JWKS"]).name),
        platform_jwks_file=str(layout.public / Path(told["INKASSO_PLATFORM_JWKS"]).name),
        audience="inkasso",
        machine=SystemMachine(),
    )
    assert verify.verify(layout.token(Role.AGENCY, "bydel-frogner")).unit == "bydel-frogner"
    assert verify.verify(layout.token(Role.OPERATOR, "Olav Operatør")).name == "Olav Operatør"
    assert (layout.public / Path(told["INKASSO_NOTIFICATIONS_PUBLIC_KEY"]).name).exists()


def test_prometheus_asks_every_service_and_its_alerts_name_metrics_there_are() -> None:
    configured = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text("utf-8"))
    (job,) = configured["scrape_configs"]
    assert job["static_configs"][0]["targets"] == [f"{name}:8000" for name in SERVICES]
    runbook = "".join(page.read_text("utf-8") for page in (ROOT / "docs" / "operations").glob("*.md"))
    for file in (DEPLOY / "prometheus" / "alerts").glob("*.yml"):
        for group in yaml.safe_load(file.read_text("utf-8"))["groups"]:
            for rule in group["rules"]:
                named = set(re.findall(rf"{PREFIX}(\w+)", rule["expr"]))
                assert named <= set(CATALOGUE), rule["alert"]
                assert rule["annotations"]["summary"]
                assert rule["alert"] in runbook, "the runbook says what to do"
