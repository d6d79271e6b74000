"""What is sealed to one opens for that one alone, where it belongs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.sealing import NotOpened, ensure_keypair, open_sealed, read_private, read_public, seal


def keys(folder: Path, name: str = "notifications") -> tuple[bytes, dict[str, bytes]]:
    ensure_keypair(folder, name)
    return read_public(folder / f"{name}.pub"), read_private(folder / f"{name}.key")


@given(text=st.text(max_size=200), context=st.text(max_size=50))
def test_what_is_sealed_opens_again(tmp_path_factory: pytest.TempPathFactory, text: str, context: str) -> None:
    public, private = keys(tmp_path_factory.getbasetemp() / "keys")
    assert open_sealed(private, seal(public, text, context=context), context=context) == text


def test_two_boxes_of_one_text_differ_and_neither_shows_it(tmp_path: Path) -> None:
    public, _ = keys(tmp_path)
    first, second = (seal(public, "01818510159", context="a") for _ in range(2))
    assert first != second
    assert "01818510159" not in first


def test_another_key_another_context_and_a_changed_box_do_not_open(tmp_path: Path) -> None:
    public, private = keys(tmp_path)
    _, other = keys(tmp_path, "other")
    box = seal(public, "text", context="a")
    changed = box[:-6] + ("AAAAAA" if box[-6:] != "AAAAAA" else "BBBBBB")
    for key, text, context in (
        (private, box, "b"),
        (other, box, "a"),
        (private, changed, "a"),
        (private, "v1.x.y", "a"),
    ):
        with pytest.raises(NotOpened):
            open_sealed(key, text, context=context)


def test_a_keypair_is_made_once_and_its_secret_is_for_its_owner(tmp_path: Path) -> None:
    first = keys(tmp_path)
    assert keys(tmp_path) == first
    assert (tmp_path / "notifications.key").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notifications.key", "notifications.pub"]


def test_an_old_key_still_opens_old_boxes(tmp_path: Path) -> None:
    public, _ = keys(tmp_path, "old")
    keys(tmp_path, "new")
    both = read_private(tmp_path / "old.key", tmp_path / "new.key")
    assert open_sealed(both, seal(public, "text", context="a"), context="a") == "text"


def test_a_file_that_is_no_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.pub").write_text("bm90IGEga2V5", encoding="ascii")
    with pytest.raises(ValueError, match=r"bad\.pub"):
        read_public(tmp_path / "bad.pub")
