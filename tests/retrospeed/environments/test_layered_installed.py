"""asv finds the environment type in any repository once retrospeed is installed beside it."""

import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.retrospeed.scratch_project import SOURCE, Suite

BENCHMARK = "def track_one():\n    return 1\n"


@pytest.mark.parametrize("editable", [False, True], ids=["wheel", "editable"])
def test_asv_loads_the_installed_plugin(suite: Callable[..., Suite], tmp_path: Path, editable: bool) -> None:
    host = tmp_path / "host"
    subprocess.run([sys.executable, "-m", "virtualenv", "--quiet", "--no-seed", str(host)], check=True)
    (packages,) = host.glob("lib/*/site-packages")
    # A bare path: .pth files behind it, such as that of an editable retrospeed, are not followed.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    install = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(host),
        "install",
        "--quiet",
        "--no-deps",
        "--ignore-installed",
    ]
    subprocess.run([*install, *(["-e"] if editable else []), str(SOURCE.parent)], check=True)
    project = suite(BENCHMARK)
    del project.variables["PYTHONPATH"]
    output = subprocess.run(
        [host / "bin" / "python", "-m", "asv", "check"],
        cwd=project.folder,
        env=project.variables,
        capture_output=True,
        text=True,
    )
    assert output.returncode == 0, output.stdout + output.stderr
    assert "No problems found" in output.stdout
    assert project.commit_environments()
