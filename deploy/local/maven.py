"""Pinned artifacts, resolved by Maven once and then found in the cache."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
POMS = Path(__file__).parent / "poms"
MAVEN_SECONDS = 600


class PartMissing(RuntimeError):
    """A part cannot be had on this machine; the message says why and what would help."""

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(f"{part}: {reason}")
        self.part = part
        self.reason = reason


def cache() -> Path:
    """Return the folder parts are cached in: ``INKASSO_LOCAL_CACHE``, else ``.cache/local`` of the repository."""
    folder = Path(os.environ.get("INKASSO_LOCAL_CACHE", ROOT / ".cache" / "local"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def resolve(part: str, **properties: str) -> Path:
    """Return the folder with the jars of ``poms/<part>.xml``, fetching them the first time.

    ``properties`` fill placeholders in the file. Checksums are verified; a wrong one fails. Raises ``PartMissing``.
    """
    pom = POMS / f"{part}.xml"
    pinned = hashlib.sha256(pom.read_bytes() + repr(sorted(properties.items())).encode()).hexdigest()[:12]
    folder = cache() / f"{part}-{pinned}"
    if folder.is_dir():
        return folder
    with (cache() / f"{part}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _fetch(part, pom, folder, properties)
    return folder


def _fetch(part: str, pom: Path, folder: Path, properties: dict[str, str]) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise PartMissing(part, "Maven (mvn) is not installed and the part is not in the cache")
    unfinished = Path(tempfile.mkdtemp(prefix=f"{part}-", dir=folder.parent))
    unfinished.chmod(0o755)
    command = [maven, "-q", "-B", "-C", "-f", str(pom), "dependency:copy-dependencies", "-DincludeScope=runtime"]
    command += [f"-DoutputDirectory={unfinished}", *(f"-D{name}={value}" for name, value in properties.items())]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=MAVEN_SECONDS, check=False)  # noqa: S603
        if done.returncode != 0:
            said = [line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line]
            raise PartMissing(part, f"Maven could not fetch it: {said[0] if said else done.returncode}")
        unfinished.rename(folder)
    except subprocess.TimeoutExpired as problem:
        raise PartMissing(part, f"Maven did not finish within {MAVEN_SECONDS} s") from problem
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def java() -> str:
    """Return the Java command: of ``JAVA_HOME``, else of the path. Raises ``PartMissing``."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if found is None:
        raise PartMissing("java", "no Java: install a JDK 17 or later, or set JAVA_HOME")
    return found
