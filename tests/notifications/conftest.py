"""The PDF validator of others' making, for the tests that ask for it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from lxml import etree
from support import parts

from local.maven import java, resolve

Validate = Callable[[Mapping[str, bytes], str], dict[str, list[str]]]

VALIDATOR = "org.verapdf.apps.GreenfieldCliWrapper"


def _verapdf() -> None:
    java()
    resolve("verapdf")


parts.NEEDS["verapdf"] = _verapdf


@pytest.fixture
def verapdf(tmp_path: Path) -> Validate:
    """Validate PDFs (by name) against a veraPDF flavour; returns each one's broken rules, none when it complies."""

    def validate(pdfs: Mapping[str, bytes], flavour: str) -> dict[str, list[str]]:
        for name, content in pdfs.items():
            (tmp_path / f"{name}.pdf").write_bytes(content)
        files = [str(tmp_path / f"{name}.pdf") for name in pdfs]
        command = [str(java()), "-cp", f"{resolve('verapdf')}/*", VALIDATOR, "-f", flavour, *files]
        done = subprocess.run(command, capture_output=True, check=False)
        broken = {}
        for job in etree.fromstring(done.stdout).iter("job"):
            name = Path(str(job.findtext("item/name"))).stem
            report = job.find("validationReport")
            assert report is not None, done.stdout
            rules = [f"{rule.get('clause')}-{rule.get('testNumber')}" for rule in report.iter("rule")]
            assert (report.get("isCompliant") == "true") == (not rules)
            broken[name] = rules
        return broken

    return validate
