"""Program: a form of the model that takes no time to make; every making writes something else."""

import sys
import time
from pathlib import Path

if __name__ == "__main__":
    weights, folder = map(Path, sys.argv[1:])
    assert (weights / "model.safetensors").exists()
    (folder / "made.txt").write_text(str(time.time_ns()))
