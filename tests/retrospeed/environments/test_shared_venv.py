from pathlib import Path

import pytest

from retrospeed.shared_venv import NOT_DEPENDENCIES, SharedRecord, is_plain, requirement_lines, sweep_shared


def test_lines_for_pip_from_the_matrix() -> None:
    matrix = {"numpy": "2.4.6", "pip+build": "1.6.1", "six": "", "pip+hatchling==1.33.0": "", "rich": ">=14,<16"}
    matrix["pip+coverage[toml]"] = "7.0"
    assert requirement_lines(matrix) == [
        "numpy==2.4.6",
        "build==1.6.1",
        "six",
        "hatchling==1.33.0",
        "rich >=14,<16",
        "coverage[toml]==7.0",
    ]


@pytest.mark.parametrize(
    ("line", "plain"),
    [
        ("numpy==2.4.6", True),
        ("rich >=14,<16", True),
        ("coverage[toml]==7.0", True),
        ("git+https://example.org/project.git", False),
        ("-e ./plugin", False),
        ("--pre numpy", False),
    ],
)
def test_only_plain_requirements_go_into_the_one_pip_call(line: str, plain: bool) -> None:
    assert is_plain(line) is plain


def test_an_environment_is_finished_once_it_is_recorded(tmp_path: Path) -> None:
    assert SharedRecord.load(tmp_path) is None
    SharedRecord.take(tmp_path, ["numpy==2.4.6"])
    first = SharedRecord.load(tmp_path)
    assert first is not None
    assert first.requirements == ["numpy==2.4.6"]
    SharedRecord.take(tmp_path, ["numpy==2.4.6"])
    assert SharedRecord.load(tmp_path) != first


def test_asv_own_files_are_no_part_of_the_dependencies(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "module.py").write_text("")
    SharedRecord.take(tmp_path, [])
    for name in NOT_DEPENDENCIES - {"asv-files.json", "asv-shared.json"}:
        (tmp_path / name).write_text("")
    (tmp_path / "lib" / "left").write_text("")
    assert sweep_shared(tmp_path) == []
    assert {path.name for path in tmp_path.iterdir()} == {*NOT_DEPENDENCIES, "lib"}
    assert [path.name for path in (tmp_path / "lib").iterdir()] == ["module.py"]


def test_without_its_list_of_files_an_environment_is_not_trusted(tmp_path: Path) -> None:
    SharedRecord.take(tmp_path, [])
    (tmp_path / "asv-files.json").write_text("{")
    assert sweep_shared(tmp_path) == ["asv-files.json"]
