"""Fetching files into a cache, checked against their checksums (`keras.utils.get_file`)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

_CHUNK = 1 << 16
_ARCHIVES = {"tar": (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz"), "zip": (".zip",)}


def cache_folder(cache_dir: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder of cached files: `cache_dir`, else ``$KERAS_HOME``, else ``~/.keras``."""
    if cache_dir is not None:
        return Path(cache_dir).expanduser()
    home = os.environ.get("KERAS_HOME")
    return Path(home).expanduser() if home else Path.home() / ".keras"


def get_file(
    fname: str | os.PathLike[str] | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: str | list[str] | None = "auto",
    cache_dir: str | os.PathLike[str] | None = None,
    force_download: bool = False,
) -> str:
    """Return the path of a file, downloading it from the URL `origin` if the cache has it not.

    The file lies in ``cache_dir/cache_subdir/fname``; `cache_dir` is ``$KERAS_HOME`` or
    ``~/.keras`` unless given. With a checksum, a cached file that does not match is fetched again.
    With `extract` the path returned is that of the folder ``<fname>_extracted``.

    Raises:
        ValueError: if `origin` is missing, `fname` is a path, what was downloaded does not match its
            checksum, or an archive is damaged or would write outside its folder.
        OSError: if the file cannot be had; the message names the place to put it by hand.
    """
    if origin is None:
        raise ValueError("get_file expects the URL of the file as `origin`; it got None.")
    name = os.fspath(fname) if fname else _name_in(origin)
    if name in (".", "..") or any(c in name for c in "/\\\0"):
        raise ValueError(
            f"get_file expects fname to be the name of a file, and no path; it got {name!r}. Give the "
            "folder as cache_dir and cache_subdir."
        )
    if file_hash is None and md5_hash is not None:
        file_hash, hash_algorithm = md5_hash, "md5"
    folder = cache_folder(cache_dir) / cache_subdir
    path = folder / name
    fresh = path.is_file() and not force_download
    if fresh and file_hash is not None and not _matches(path, file_hash, hash_algorithm):
        fresh = False
    if not fresh:
        _fetch(origin, path, file_hash, hash_algorithm)
    if extract or untar:
        return str(_extracted(path, "tar" if untar and not extract else archive_format))
    return str(path)


def _name_in(origin: str) -> str:
    from urllib.parse import urlsplit

    name = Path(urlsplit(origin).path).name
    if not name:
        raise ValueError(
            f"get_file cannot read a file name from origin={origin!r}. Give one as `fname`."
        )
    return name


def _algorithm(file_hash: str, algorithm: str) -> str:
    if algorithm == "auto":
        return "sha256" if len(file_hash) == 64 else "md5"
    if algorithm not in ("md5", "sha256"):
        raise ValueError(f"hash_algorithm must be 'auto', 'sha256' or 'md5'; it got {algorithm!r}.")
    return algorithm


def _matches(path: Path, file_hash: str, algorithm: str) -> bool:
    import hashlib

    digest = hashlib.new(_algorithm(file_hash, algorithm), usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(_CHUNK):
            digest.update(block)
    return digest.hexdigest() == file_hash.lower()


def _fetch(origin: str, path: Path, file_hash: str | None, algorithm: str) -> None:
    """Download to a file beside `path` and move it there once it is whole and right."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        try:
            with partial.open("wb") as file:
                _download(origin, file, path.name)
        except OSError as error:
            raise OSError(
                f"{path.name} could not be downloaded from {origin} ({error}). "
                f"Fetch it on a machine that is online and put it at {path}"
            ) from error
        if file_hash is not None and not _matches(partial, file_hash, algorithm):
            raise ValueError(
                f"{path.name} from {origin} is not the file that was expected: its checksum is "
                f"not {file_hash}. The download may be damaged; try again, or put the right file "
                f"at {path}"
            )
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _download(origin: str, file: IO[bytes], name: str) -> None:
    from urllib.request import urlopen

    with urlopen(origin, timeout=30) as answer:
        length = answer.headers.get("Content-Length")
        total = int(length) if length else None
        received = 0
        for block in _shown(iter(lambda: answer.read(_CHUNK), b""), name, total):
            file.write(block)
            received += len(block)
    if total is not None and received != total:
        raise OSError(f"the connection ended after {received} of {total} bytes")


def _shown(blocks: Iterator[bytes], name: str, total: int | None) -> Iterator[bytes]:
    """Pass the blocks on while a bar on standard error shows how far the download is."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        console.print(f"Downloading {name}", highlight=False)
        yield from blocks
        return
    columns: list[Any] = [
        TextColumn("Downloading {task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    ]
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(name, total=total)
        for block in blocks:
            yield block
            progress.advance(task, len(block))


def _archive_kind(path: Path, archive_format: str | list[str] | None) -> str | None:
    if archive_format is None:
        return None
    wanted = archive_format if isinstance(archive_format, list) else [archive_format]
    kinds = list(_ARCHIVES) if "auto" in wanted else wanted
    for kind in kinds:
        if kind not in _ARCHIVES:
            raise ValueError(
                f"archive_format must be 'auto', 'tar', 'zip' or None; it got {kind!r}."
            )
        if path.name.endswith(_ARCHIVES[kind]) or len(kinds) == 1:
            return kind
    return next((kind for kind in kinds if _is_archive(path, kind)), None)


def _is_archive(path: Path, kind: str) -> bool:
    """Say what the file is whatever it is called."""
    import tarfile
    import zipfile

    return zipfile.is_zipfile(path) if kind == "zip" else tarfile.is_tarfile(path)


def _extracted(path: Path, archive_format: str | list[str] | None) -> Path:
    """Unpack `path` into a folder of its own, unless that was done before."""
    folder = path.with_name(f"{path.name}_extracted")
    kind = _archive_kind(path, archive_format)
    if kind is None:
        raise ValueError(
            f"get_file(extract=True) can unpack tar and zip archives; {path.name} is neither."
        )
    if folder.is_dir() and folder.stat().st_mtime >= path.stat().st_mtime:
        return folder
    import shutil
    import tarfile
    import tempfile
    import zipfile
    import zlib

    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        inner = Path(scratch) / "content"
        inner.mkdir()
        try:
            _unpack(path, kind, inner)
        except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            raise ValueError(
                f"The archive {str(path)!r} cannot be unpacked: it is damaged or encrypted ({error}). "
                "Delete it, so that it is fetched again."
            ) from error
        if folder.is_dir():
            shutil.rmtree(folder)
        inner.replace(folder)
    return folder


def _unpack(path: Path, kind: str, folder: Path) -> None:
    """Unpack plain files and folders only; a member that would leave `folder` is refused."""
    if kind == "zip":
        import zipfile

        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                _stay_inside(folder, name, path)
            archive.extractall(folder)
        return
    import tarfile

    with tarfile.open(path) as archive:
        members = [m for m in archive.getmembers() if m.isfile() or m.isdir()]
        for member in members:
            _stay_inside(folder, member.name, path)
            member.mode = 0o755 if member.isdir() else 0o644
        if hasattr(tarfile, "data_filter"):  # not in the first releases of Python 3.11
            archive.extraction_filter = tarfile.data_filter
        archive.extractall(folder, members=members)


def _stay_inside(folder: Path, member: str, path: Path) -> None:
    target = (folder / member).resolve()
    if not target.is_relative_to(folder.resolve()):
        raise ValueError(
            f"{path.name} holds {member!r}, which would be written outside its folder."
        )
