"""An interpreter with only what benchmarks are run with, as a commit's environment has.

A process of a benchmark starts there in a third of the time that it takes among all that the tests have installed:
asv_runner reads the metadata of every distribution for plugins, and pympler imports numpy where it is.
"""

import atexit
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

PACKAGES = ("asv_runner", "pympler")


@cache
def bare_python() -> str:
    """Path of the interpreter, made once a test process and removed at its end."""
    folder = Path(tempfile.mkdtemp(prefix="bare-python-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    command = [sys.executable, "-m", "virtualenv", "--quiet", "--no-setuptools", "--no-wheel", str(folder)]
    subprocess.run(command, check=True)
    (packages,) = folder.glob("lib/*/site-packages")
    for name in PACKAGES:
        for file in distribution(name).files or ():
            if ".." not in file.parts and "__pycache__" not in file.parts:
                (packages / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(file.locate()), packages / file)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "compileall", "-q", str(packages)], check=True)
    return str(python)
