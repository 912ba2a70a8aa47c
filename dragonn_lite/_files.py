"""Files, plain or gzipped: read with the errors that the readers document, written whole or not."""

from __future__ import annotations

import contextlib
import gzip
import os
import zlib
from pathlib import Path

_GZIP_MAGIC = b"\x1f\x8b"


def as_path(path) -> Path:
    """Check that a path names something to read.

    Raises
    ------
    TypeError
        If `path` is not a path.
    FileNotFoundError
        If there is nothing of that name.
    ValueError
        If it is a folder.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path is a {type(path).__name__}, expected the path of a file")
    path = Path(path)
    try:
        exists = path.exists()
    except (OSError, ValueError) as error:  # a name too long, or with a NUL
        raise ValueError(f"path is {str(path)[:80]!r}, which cannot be opened: {error}") from None
    if not exists:
        raise FileNotFoundError(f"path is {str(path)!r}, and there is no such file")
    if path.is_dir():
        raise ValueError(f"path is {str(path)!r}, a folder; give the file in it")
    return path


@contextlib.contextmanager
def opened(path: Path):
    """Open for reading bytes; its first two bytes, not its name, say whether it is gzipped.

    Raises
    ------
    ValueError
        If the file cannot be read to its end.
    """
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(open(path, "rb"))
            if file.peek(2)[:2] == _GZIP_MAGIC:
                file = stack.enter_context(gzip.open(file))
            yield file
        except EOFError:
            raise ValueError(f"{path} is a gzip file that ends too early; copy it again") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise ValueError(f"{path} is a damaged gzip file ({error}); copy it again") from None
        except OSError as error:
            raise ValueError(f"{path} cannot be read: {error.strerror or error}") from None


def read_text(path) -> str:
    """Read a small text file, plain or gzipped, with line ends of any kind made one.

    Raises
    ------
    FileNotFoundError, TypeError, ValueError
        As :func:`as_path` and :func:`opened`, or if the file is not UTF-8 text.
    """
    path = as_path(path)
    with opened(path) as file:
        content = file.read()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not a text file in ASCII or UTF-8") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


@contextlib.contextmanager
def created(path):
    """Open for writing bytes; gzipped where the name ends in ``.gz``.

    The file appears under its name when it is complete; after an error there is none.

    Raises
    ------
    FileNotFoundError
        If its folder does not exist.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"path is {str(path)!r}, and there is no folder {path.parent}")
    if path.is_dir():
        raise ValueError(f"path is {str(path)!r}, a folder; add the name of a file")
    unfinished = path.with_name(path.name + ".part")
    try:
        with contextlib.ExitStack() as stack:
            file = stack.enter_context(open(unfinished, "wb"))
            if path.suffix == ".gz":
                # Without name and time in its header the same content makes the same bytes.
                file = stack.enter_context(gzip.GzipFile("", "wb", fileobj=file, mtime=0))
            yield file
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
