"""The real parts come up, come back after a crash with what they held, and say why when they cannot be had."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from local import Kafka, PartMissing, Postgres, maven, up
from local.kafka import class_path
from local.postgres import plain, settings
from local.process import answers, runs


def test_a_fresh_database_is_empty_and_real(postgres_database: str) -> None:
    with psycopg.connect(plain(postgres_database)) as connection:
        version = connection.execute("SHOW server_version_num").fetchone()
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert version is not None
    assert int(version[0]) >= 150000
    assert tables == (0,)


def test_postgres_keeps_what_it_committed_through_a_kill(postgres_url: str, parts_folder: Path) -> None:
    with Postgres(parts_folder / "killed") as server:
        with psycopg.connect(plain(server.url), autocommit=True) as connection:
            for setting in (*settings(), "fsync=on", "synchronous_commit=on", "full_page_writes=on"):
                name, _, value = setting.partition("=")
                assert connection.execute("SELECT current_setting(%s)", (name,)).fetchone() == (value,)
            connection.execute("CREATE TABLE t AS SELECT 42 AS answer")
        server.kill()
        server.start()
        with psycopg.connect(plain(server.url)) as connection:
            assert connection.execute("SELECT answer FROM t").fetchone() == (42,)


def test_a_broker_keeps_its_address_through_a_kill(own_kafka: Kafka) -> None:
    before, pid = own_kafka.bootstrap, own_kafka.pid
    own_kafka.kill()
    assert not answers(int(before.rpartition(":")[2]))
    assert not runs(pid, "")
    own_kafka.start()
    assert own_kafka.bootstrap == before


def test_a_part_that_cannot_be_fetched_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INKASSO_LOCAL_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PartMissing, match=r"Maven .* is not installed"):
        maven.resolve("kafka")


def test_a_kafka_home_without_kafka_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_HOME", str(tmp_path))
    with pytest.raises(PartMissing, match="KAFKA_HOME has no"):
        class_path()


def test_up_reports_each_missing_part_and_down_finds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from local.__main__ import app

    monkeypatch.setenv("KAFKA_HOME", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://given")
    run = CliRunner().invoke(app, ["up", "--folder", str(tmp_path / "var")])
    assert run.exit_code == 1
    assert "kafka is MISSING: kafka: KAFKA_HOME has no" in run.stderr
    assert "export DATABASE_URL=postgresql+psycopg://given" in run.stdout
    assert up.down(tmp_path / "var") == []


def test_up_status_and_down(postgres_url: str, parts_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "given:9092")
    folder = parts_folder / "up"
    parts = up.up(folder)
    assert parts["kafka"] == up.State(address="given:9092", pid=0)
    assert up.up(folder) == parts
    assert list(up.status(folder)) == ["postgres"]
    assert up.down(folder) == ["postgres"]
    assert up.status(folder) == {}


def test_the_suite_says_what_it_left_out(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without Kafka: the tests that need it are left out, loudly, and the others run."""
    root = Path(__file__).parents[2]
    monkeypatch.setenv("KAFKA_HOME", str(pytester.path))
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    monkeypatch.setenv("PYTHONPATH", f"{root}:{root / 'deploy'}:{root / 'tests'}")
    pytester.makeconftest("pytest_plugins = ['support.parts']")
    pytester.makepyfile("def test_one(kafka_bootstrap): pass\ndef test_two(own_kafka): pass\ndef test_three(): pass")
    result = pytester.runpytest_subprocess("-p", "no:randomly")
    result.assert_outcomes(passed=1, deselected=2)
    assert result.outlines[-1].startswith("NOT TESTED: 2 tests were left out, for want of kafka: KAFKA_HOME has no")
    monkeypatch.setenv("INKASSO_REQUIRE_PARTS", "1")
    assert pytester.runpytest_subprocess("-p", "no:randomly").ret == pytest.ExitCode.USAGE_ERROR
