"""Private files: no link is followed, no other user's file is used, nothing is half written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tui import privatefile


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_link_is_not_opened_and_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.write_text("x")
    (tmp_path / "link").symlink_to(real)
    with pytest.raises(OSError):
        privatefile.open_file(tmp_path / "link")
    os.mkfifo(tmp_path / "pipe")
    os.close(privatefile.open_file(tmp_path / "pipe"))


def test_a_new_file_is_private_and_never_an_old_one(tmp_path: Path) -> None:
    made = tmp_path / "made"
    with open(privatefile.create(made), "wb") as file:
        file.write(b"1")
    assert mode(made) == 0o600
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for taken in (made, tmp_path / "link"):
        with pytest.raises(FileExistsError):
            privatefile.create(taken)
    assert made.read_bytes() == b"1" and not (tmp_path / "elsewhere").exists()


def test_a_folder_is_closed_to_others_and_a_link_in_its_place_is_refused(tmp_path: Path) -> None:
    wide = tmp_path / "wide"
    wide.mkdir(mode=0o755)
    privatefile.private_folder(wide)
    assert mode(wide) == 0o700
    (tmp_path / "link").symlink_to(wide)
    with pytest.raises(OSError):
        privatefile.private_folder(tmp_path / "link")


@pytest.mark.parametrize("way", ["link", "dangling link", "file", "pipe"])
def test_what_is_in_place_of_a_folder_is_named(tmp_path: Path, way: str) -> None:
    place = tmp_path / "folder"
    if way == "pipe":
        os.mkfifo(place)
    elif way == "file":
        place.touch()
    else:
        place.symlink_to(tmp_path if way == "link" else tmp_path / "nowhere")
    said = "a link in place of a folder is not followed" if "link" in way else "what is there is no folder"
    for write in (privatefile.save, privatefile.replace):
        with pytest.raises(NotADirectoryError, match=said):
            write(place / "x", b"")
    with pytest.raises(NotADirectoryError, match=said):
        privatefile.private_folder(place)
    assert list(tmp_path.iterdir()) == [place]


def test_a_file_is_replaced_in_one_step_and_a_link_is_not_written_through(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    victim = tmp_path / "victim"
    victim.write_text("precious")
    link = tmp_path / "copied.txt"
    link.symlink_to(victim)
    privatefile.replace(link, b"new")
    assert victim.read_text() == "precious"
    assert link.read_bytes() == b"new" and not link.is_symlink() and mode(link) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copied.txt", "victim"]


def test_a_folder_that_was_named_may_be_a_link_or_shared_and_the_file_is_private_all_the_same(
    tmp_path: Path,
) -> None:
    """As `/tmp` is: told to close that to others, an operator may do so."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    (tmp_path / "link").symlink_to(shared)
    (shared / "planted").symlink_to(tmp_path / "victim")
    for place in (shared, tmp_path / "link"):
        with pytest.raises(OSError):
            privatefile.save(place / "x", b"new")
        privatefile.save(place / "x", b"new", is_named=True)
        assert mode(shared / "x") == 0o600
        for name in ("x", "planted"):
            with pytest.raises(FileExistsError):
                privatefile.save(place / name, b"newer", is_named=True)
        (shared / "x").unlink()
    assert not (tmp_path / "victim").exists()
    shared.chmod(0o777)
    with pytest.raises(PermissionError, match="is open to others"):
        privatefile.save(shared / "x", b"new", is_named=True)


def test_nothing_is_saved_or_replaced_in_a_folder_that_others_can_write_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(PermissionError, match="is open to others; run: chmod 700"):
        privatefile.save(tmp_path / "picture.svg", b"new")
    with pytest.raises(PermissionError, match="other users can write"):
        privatefile.replace(tmp_path / "copied.txt", b"new")
    assert list(tmp_path.iterdir()) == []
