"""Addresses such as s3://bucket/folder, read and written with fsspec."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from io import BufferedReader
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from seewhy.errors import DependencyError, ImageError, SeewhyError, StoreError

_ADDRESS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]+)://(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_LOGIN = re.compile(r"(?P<login>[^/@:]*:[^/@]*@)(?P<rest>.*)", re.DOTALL)
_ANYWHERE = re.compile(r"(?<=://)[^/@:\s]*:[^/@\s]*@")
_QUERY = re.compile(r"(https?://[^\s?'\"]+)\?[^\s'\")]+", re.IGNORECASE)
_MAGIC = re.compile(r"[*?\[]")
_OBJECT_STORES = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "memory")
_LOCAL = ("file", "local")
_PACKAGES = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "http": "aiohttp requests",
    "https": "aiohttp requests",
    "sftp": "paramiko",
    "ssh": "paramiko",
}
"""What fsspec needs beside itself."""
_secrets: dict[str, str] = {}
"""Names with passwords of this process's addresses by "login scheme://host", and queries by "query
ADDRESS": they stand neither in stores nor in messages."""


def is_address(text: str) -> bool:
    """Whether a text is an address of a file elsewhere, and no path."""
    return _ADDRESS.match(text) is not None


def known_place(text: str) -> str:
    """A path, or an address without its secrets, which are remembered.

    file:// gives the path. Raises ImageError for addresses within addresses.
    """
    found = _ADDRESS.fullmatch(text)
    if found is None:
        return text
    if "::" in text:
        raise ImageError(
            f"{without_secrets(text)!r} is an address within another: give the address of a "
            f"folder, a file, a .tar or a .parquet file itself."
        )
    scheme, rest = found["scheme"].lower(), found["rest"]
    if scheme in _LOCAL:
        return rest if rest.startswith("/") else f"/{rest}"
    login = _LOGIN.fullmatch(rest)
    if login is not None:
        rest = login["rest"]
        _secrets[f"login {scheme}://{rest.partition('/')[0]}"] = login["login"]
    if scheme in ("http", "https"):
        rest, asked, query = rest.partition("?")
        if asked:
            _secrets[f"query {scheme}://{rest}"] = query
    return f"{scheme}://{rest}"


def has_secrets(text: str) -> bool:
    """Whether an address has a password or a query."""
    return is_address(text) and without_secrets(text) != text


def is_pattern(text: str) -> bool:
    """Whether an address has * or other signs that stand for several names."""
    return not text.lower().startswith("http") and _MAGIC.search(text) is not None


def without_secrets(text: object) -> str:
    """A text, as of an error, without the names with passwords and the queries of addresses."""
    shown = _QUERY.sub(r"\1", _ANYWHERE.sub("", str(text)))
    for secret in _secrets.values():  # file systems also tell of parts of addresses
        shown = shown.replace(secret, "")
    return shown


def secrets() -> dict[str, str]:
    """What other processes have to remember, too."""
    return dict(_secrets)


def remember(known: Mapping[str, str]) -> None:
    """Remember what `secrets` gave elsewhere."""
    _secrets.update(known)


@dataclass(frozen=True, order=True)
class Address:
    """A file or folder elsewhere, with as much of `pathlib.Path` as sources and stores need.

    What goes wrong raises OSError, as it does for paths, and DependencyError where fsspec or what
    it needs is not installed.
    """

    text: str
    """As `known_place` gives it."""

    def __str__(self) -> str:
        return self.text

    def __truediv__(self, name: str) -> Address:
        scheme, _, rest = self.text.partition("://")
        folder = rest.rstrip("/")
        return Address(f"{scheme}://{folder}/{name}" if folder else f"{scheme}://{name}")

    @property
    def name(self) -> str:
        """What stands behind the last slash."""
        return PurePosixPath(self.text.partition("://")[2]).name

    @property
    def suffix(self) -> str:
        """Of the name, with its dot; "" for none."""
        return PurePosixPath(self.name).suffix

    @property
    def parent(self) -> Address:
        """The folder; of a bucket or host what stands before all of them."""
        scheme, _, rest = self.text.partition("://")
        return Address(f"{scheme}://{rest.rstrip('/').rpartition('/')[0]}")

    def exists(self) -> bool:
        system, path = self.found()
        with os_errors():
            return bool(system.exists(path))

    def is_dir(self) -> bool:
        system, path = self.found()
        with os_errors():
            return bool(system.isdir(path))

    def is_file(self) -> bool:
        system, path = self.found()
        with os_errors():
            return bool(system.isfile(path))

    def read_bytes(self) -> bytes:
        system, path = self.found()
        with os_errors():
            return bytes(system.cat_file(path))

    def read_range(self, start: int, size: int) -> bytes:
        """Some of its bytes."""
        system, path = self.found()
        with os_errors():
            return bytes(system.cat_file(path, start=start, end=start + size))

    def read_text(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return self.read_bytes().decode(encoding, errors)

    def write_bytes(self, data: Any) -> None:
        """Write the file in one go, as object stores take it: it is there whole or not at all."""
        system, path = self.found()
        self._make_folder()
        with os_errors():
            system.pipe_file(path, bytes(data))

    def upload(self, source: str) -> None:
        """Make it a copy of a file here, of which not all is in memory."""
        system, path = self.found()
        self._make_folder()
        with os_errors():
            system.put_file(source, path)

    def open_binary(self) -> BufferedReader:
        """The file, to be read from any place in it; to be closed."""
        system, path = self.found()
        with os_errors():
            file: BufferedReader = system.open(path, "rb")
            return file

    def children(self) -> list[Address]:
        """What lies in a folder, sorted; [] where there is none."""
        system, path = self.found()
        try:
            with os_errors():
                names = system.ls(path, detail=False)
        except FileNotFoundError:
            return []
        return sorted(self / PurePosixPath(name).name for name in names)

    def walk(self) -> Iterator[Address]:
        """The files below a folder, folder by folder, each in alphabetic order."""
        system, path = self.found()
        with os_errors():
            # what cannot be listed must not be left out
            for folder, folders, files in system.walk(path, on_error="raise"):
                folders.sort()  # in which order they are walked
                for name in filter(None, sorted(files)):
                    inside = folder[len(path) :].strip("/")
                    yield self / (f"{inside}/{name}" if inside else name)

    def matches(self) -> list[Address]:
        """The files and folders that a pattern matches, sorted."""
        fixed = self
        while _MAGIC.search(fixed.text):
            fixed = fixed.parent
        system, path = self.found()
        base = fixed.found()[1]
        with os_errors():
            return sorted(fixed / name[len(base) :].strip("/") for name in system.glob(path))

    def found(self) -> tuple[Any, str]:
        """The file system, and the path there."""
        scheme, _, rest = self.text.partition("://")
        login = _secrets.get(f"login {scheme}://{rest.partition('/')[0]}", "")
        if scheme in _OBJECT_STORES:  # which know no logins in addresses
            key, secret = map(unquote, (login[:-1] or ":").split(":", 1))
            known = {"key": key, "secret": secret} if login and scheme in ("s3", "s3a") else {}
            system, path = _opened(self.text, **known)
        else:
            query = _secrets.get(f"query {self.text}")
            system, path = _opened(f"{scheme}://{login}{rest}" + (f"?{query}" if query else ""))
        return system, str(path)

    def _make_folder(self) -> None:
        """Object stores have none."""
        scheme = self.text.partition("://")[0]
        if scheme not in _OBJECT_STORES:
            system, path = self.parent.found()
            with os_errors():
                system.makedirs(path, exist_ok=True)


@lru_cache(maxsize=1024)
def _opened(address: str, **known: str) -> tuple[Any, str]:
    scheme = address.partition("://")[0]
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise DependencyError(
            f"{scheme}:// is read with fsspec, which is not installed: "
            f"pip install 'seewhy[datasets]'."
        ) from error
    try:
        # listings are used once, and may be of millions of files
        system, path = url_to_fs(address, use_listings_cache=False, **known)
    except ImportError as error:
        needed = _PACKAGES.get(scheme)
        mend = f"pip install {needed}" if needed else without_secrets(error)
        raise DependencyError(
            f"{scheme}:// needs a package that is not installed: {mend}."
        ) from error
    except ValueError as error:
        raise StoreError(
            f"{without_secrets(address)!r} is no address that fsspec knows "
            f"({without_secrets(error)}): give one such as s3://bucket/folder, or a path."
        ) from error
    except Exception as error:
        raise _as_os_error(error) from error
    return system, path


@contextmanager
def os_errors() -> Iterator[None]:
    """Within, whatever a file system raises is an OSError without secrets."""
    try:
        yield
    except SeewhyError:
        raise
    except Exception as error:
        raise _as_os_error(error) from None


def _as_os_error(error: Exception) -> OSError:
    text = without_secrets(error) or type(error).__name__
    if isinstance(error, FileNotFoundError):
        return FileNotFoundError(errno.ENOENT, text)
    return OSError(getattr(error, "errno", None) or errno.EIO, text)
