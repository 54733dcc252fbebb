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
