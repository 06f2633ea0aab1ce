"""Writes a file in one step: a reader, or a program that is killed, never leaves or sees half of it."""

from pathlib import Path

from retrospeed.errors import RetrospeedError


def write(path: Path, content: bytes) -> None:
    """Put `content` in the place of the file at `path`. Raises RetrospeedError, naming it, if that cannot be done."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        if path.exists() and not path.is_file():
            # A terminal or a pipe, as in --json /dev/stdout, cannot be replaced.
            path.write_bytes(content)
            return
        try:
            partial.write_bytes(content)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise RetrospeedError(f"{path} cannot be written: {error.strerror}.") from error
