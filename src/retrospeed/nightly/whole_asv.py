"""asv, whose JSON files are written whole or not at all: ``python -m retrospeed.nightly.whole_asv run …``.

asv writes a result in place; a machine that stops just then leaves half of it, and the other results of that commit are
lost with it. Nothing else of asv is changed.
"""

import os
import sys
from typing import Any

from asv import util
from asv.main import main

_write = util.write_json


def write_json(path: Any, *arguments: Any, **options: Any) -> None:
    """`asv.util.write_json`, by way of a file beside it whose name asv never reads."""
    partial = f"{path}.partial"
    try:
        _write(partial, *arguments, **options)
        os.replace(partial, path)  # noqa: PTH105
    finally:
        if os.path.exists(partial):  # noqa: PTH110
            os.remove(partial)  # noqa: PTH107


if __name__ == "__main__":
    util.write_json = write_json
    sys.exit(main())
