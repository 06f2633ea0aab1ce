"""strata.json: what a store was made with, and whether a folder is a store at all."""

from pathlib import Path

import msgspec

from strata.errors import StoreError
from strata.generation import replace

FORMAT = 1
SETTINGS = "strata.json"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """strata.json: what the folder was made with. `engines` maps layer to engine name.

    `servers` are the DSNs, without passwords, of the servers that some engines live on; without any, those engines ask
    the environment.
    """

    format: int
    engines: dict[str, str]
    servers: list[str] = []


class _Format(msgspec.Struct):
    format: int


def read_settings(path: Path) -> Settings | None:
    """None if there is no folder, or nothing in it. Raises StoreError if what is there is not a store."""
    file = path / SETTINGS
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        # A process killed while it made the store leaves the settings' temporary file, and nothing else.
        if path.exists() and any(not entry.name.startswith(SETTINGS) for entry in path.iterdir()):
            raise StoreError(f"{path} is not a strata store: it has files, and no {SETTINGS} among them") from None
        return None
    except OSError as error:
        raise StoreError(f"{path} is not a strata store: {error.strerror}") from error
    try:
        version = msgspec.json.decode(content, type=_Format).format
        if version > FORMAT:
            raise StoreError(f"{path} is a store of format {version}, this program reads up to {FORMAT}: update strata")
        return msgspec.json.decode(content, type=Settings)
    except msgspec.DecodeError as error:
        raise StoreError(f"{file} is damaged ({error}): restore it, or ingest into a new store") from error


def write_settings(path: Path, settings: Settings) -> None:
    """Put the settings in place durably and in one step."""
    replace(path / SETTINGS, msgspec.json.format(msgspec.json.encode(settings)) + b"\n")
