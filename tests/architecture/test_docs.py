"""A page that sends its reader to nowhere is worse than none."""

from __future__ import annotations

import re

from architecture.test_tidy import tracked
from architecture.tree import ROOT

from inkasso.demo.persons import PERSONS
from shared.party import check_national_id

LINK = re.compile(r"\]\(([^)#\s]+)")


def test_every_link_of_a_page_leads_to_a_file() -> None:
    pages = [path for path in tracked() if path.suffix == ".md"]
    links = [(page, link) for page in pages for link in LINK.findall(page.read_text(encoding="utf-8"))]
    inside = [(page, link) for page, link in links if "://" not in link and not link.startswith("mailto:")]
    assert len(inside) > 20
    assert [(str(page.relative_to(ROOT)), link) for page, link in inside if not (page.parent / link).exists()] == []


def test_the_readme_lists_the_test_persons_there_are() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| (\w+ Test \w+) \| (\d{11}) \|", page, re.MULTILINE)
    assert listed == [(person.name, person.national_id) for person in PERSONS]
    assert all(check_national_id(number, allow_synthetic=True).synthetic for _, number in listed)
