from pathlib import Path

from retrospeed.unmet_requirements import unmet_requirements


def install(folder: Path, name: str, version: str, *requirements: str) -> None:
    information = folder / f"{name}-{version}.dist-info"
    information.mkdir(parents=True)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {requirement}" for requirement in requirements]
    (information / "METADATA").write_text("\n".join(lines) + "\n")


def test_requirements_are_looked_for_in_all_folders(tmp_path: Path) -> None:
    install(tmp_path / "own", "project", "1.0", "Some_Library>=2", "absent", "own-library==3", "old<1; extra == 'x'")
    install(tmp_path / "own", "own-library", "3.0")
    install(tmp_path / "shared", "some-library", "2.1rc1")
    install(tmp_path / "shared", "own-library", "2.0")
    assert unmet_requirements(tmp_path / "own", [tmp_path / "shared"]) == ["absent"]


def test_a_version_out_of_range_is_unmet(tmp_path: Path) -> None:
    install(tmp_path / "own", "project", "1.0", "library>=2", "other; python_version < '3'")
    install(tmp_path / "shared", "library", "1.9", "never-looked-at")
    assert unmet_requirements(tmp_path / "own", [tmp_path / "shared"]) == ["library>=2"]
