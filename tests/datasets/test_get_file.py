"""`get_file`: cache, checksums, archives. Served from files: no network."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from annette.utils.files import get_file


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "served" / "data.txt"
    path.parent.mkdir()
    path.write_text("twelve bytes")
    return path


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_downloads_once_and_then_uses_the_cache(source: Path, tmp_path: Path) -> None:
    path = get_file("d.txt", source.as_uri(), cache_dir=tmp_path / "cache")
    assert Path(path) == tmp_path / "cache" / "datasets" / "d.txt"
    source.unlink()
    assert get_file("d.txt", source.as_uri(), cache_dir=tmp_path / "cache") == path
    assert Path(path).read_text() == "twelve bytes"


def test_name_comes_from_the_url_unless_given(source: Path, tmp_path: Path) -> None:
    path = get_file(origin=source.as_uri(), cache_dir=tmp_path / "cache", cache_subdir="else")
    assert Path(path) == tmp_path / "cache" / "else" / "data.txt"


def test_home_is_the_variable(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    assert Path(get_file(origin=source.as_uri())) == tmp_path / "home" / "datasets" / "data.txt"


@pytest.mark.parametrize("kind", ["sha256", "md5", "auto", "md5_hash"])
def test_right_checksum_is_accepted(source: Path, tmp_path: Path, kind: str) -> None:
    md5 = hashlib.md5(source.read_bytes()).hexdigest()
    settings = {
        "sha256": {"file_hash": sha(source), "hash_algorithm": "sha256"},
        "md5": {"file_hash": md5, "hash_algorithm": "md5"},
        "auto": {"file_hash": md5},
        "md5_hash": {"md5_hash": md5},
    }[kind]
    assert Path(get_file("d", source.as_uri(), cache_dir=tmp_path, **settings)).exists()


def test_wrong_checksum_is_refused_and_nothing_stays(source: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="checksum"):
        get_file("d", source.as_uri(), file_hash="0" * 64, cache_dir=tmp_path / "c")
    assert not list((tmp_path / "c" / "datasets").iterdir())


def test_cached_file_with_a_wrong_checksum_is_fetched_again(source: Path, tmp_path: Path) -> None:
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "d").write_text("old")
    path = get_file("d", source.as_uri(), file_hash=sha(source), cache_dir=tmp_path)
    assert Path(path).read_text() == "twelve bytes"


def test_force_download_fetches_again(source: Path, tmp_path: Path) -> None:
    get_file("d", source.as_uri(), cache_dir=tmp_path)
    source.write_text("newer")
    path = get_file("d", source.as_uri(), cache_dir=tmp_path, force_download=True)
    assert Path(path).read_text() == "newer"


def archive(folder: Path, kind: str, member: str) -> Path:
    path = folder / f"a.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as made:
            made.writestr(member, "inside")
    else:
        with tarfile.open(path, "w:gz") as made:
            info = tarfile.TarInfo(member)
            info.size = 6
            made.addfile(info, io.BytesIO(b"inside"))
    return path


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_archive_is_unpacked_into_a_folder(tmp_path: Path, kind: str) -> None:
    made = archive(tmp_path, kind, "sub/f.txt")
    folder = get_file(origin=made.as_uri(), extract=True, cache_dir=tmp_path / "c")
    assert folder.endswith(f"a.{kind}_extracted")
    assert (Path(folder) / "sub" / "f.txt").read_text() == "inside"


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_archive_that_leaves_its_folder_is_refused(tmp_path: Path, kind: str) -> None:
    made = archive(tmp_path, kind, "../../evil.txt")
    with pytest.raises(ValueError, match=r"evil\.txt"):
        get_file(origin=made.as_uri(), extract=True, cache_dir=tmp_path / "c")
    assert not (tmp_path / "evil.txt").exists()


def test_file_that_is_no_archive_is_not_unpacked(source: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="tar and zip"):
        get_file(origin=source.as_uri(), extract=True, cache_dir=tmp_path / "c")


def test_origin_is_needed() -> None:
    with pytest.raises(ValueError, match="origin"):
        get_file("d")


def packed(path: Path, *members: tuple[str, bytes, str]) -> Path:
    """A tar archive of members: a name, a kind and where it links to."""
    with tarfile.open(path, "w") as made:
        for name, kind, link in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.mode = kind, link, 0o4777
            info.size = 1 if kind == tarfile.REGTYPE else 0
            made.addfile(info, io.BytesIO(b"x"))
    return path


HOSTILE = {
    "a link, and a file through it": [
        ("a", tarfile.SYMTYPE, ".."),
        ("a/evil", tarfile.REGTYPE, ""),
    ],
    "a link to a file elsewhere": [("evil", tarfile.LNKTYPE, "/etc/passwd")],
    "a link to a link": [("s", tarfile.SYMTYPE, "../../evil"), ("evil2", tarfile.LNKTYPE, "s")],
    "a pipe and a device": [("p", tarfile.FIFOTYPE, ""), ("evil", tarfile.CHRTYPE, "")],
    "a path through folders": [("a/../../../evil", tarfile.REGTYPE, "")],
    "a path from the root": [("/evil", tarfile.REGTYPE, "")],
    "a path longer than any may be": [("a/" * 3000 + "../" * 3001 + "evil", tarfile.REGTYPE, "")],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_an_archive_unpacks_to_are_plain_files_in_its_folder(
    tmp_path: Path, name: str
) -> None:
    made = packed(tmp_path / "a.tar", *HOSTILE[name])
    cache = tmp_path / "c"
    try:
        get_file(origin=made.as_uri(), extract=True, cache_dir=cache)
    except (ValueError, OSError):
        assert not (cache / "datasets" / "a.tar_extracted").exists()
    inside = cache / "datasets" / "a.tar_extracted"
    for found in tmp_path.rglob("*"):
        assert not found.is_symlink()
        assert found.is_file() or found.is_dir()
        assert found.stat().st_mode & 0o6000 == 0
        assert "evil" not in found.name or found.is_relative_to(inside)


@pytest.mark.parametrize("fname", ["../d", "/d", "a/d", "..", "a\\d"])
def test_the_name_of_a_file_is_no_path(source: Path, tmp_path: Path, fname: str) -> None:
    with pytest.raises(ValueError, match="cache_dir"):
        get_file(fname, source.as_uri(), cache_dir=tmp_path / "c")


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_a_damaged_archive_is_named(tmp_path: Path, kind: str) -> None:
    made = archive(tmp_path, kind, "f.txt")
    data = bytearray(made.read_bytes())
    at = data.find(b"inside") if kind == "zip" else len(data) // 2
    data[at : at + 6] = b"damage"
    made.write_bytes(data)
    with pytest.raises(ValueError, match=f"a.{kind}"):
        get_file(origin=made.as_uri(), extract=True, cache_dir=tmp_path / "c")
    assert not (tmp_path / "c" / "datasets" / f"a.{kind}_extracted").exists()
