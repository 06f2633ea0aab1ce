"""The studies of engines side by side: they run, and every engine that is installed has its figures."""

import json
from pathlib import Path

from strata.engines import ENGINES
from studies import postgres_server
from tests.studies.test_growth import study


def _with_servers(names: list[str]) -> set[str]:
    return {name for name in names if not name.startswith(("pgvector", "postgresql")) or postgres_server.installed()}


def test_event_logs_side_by_side(tmp_path: Path) -> None:
    file = tmp_path / "stores.json"
    done = study("stores", "--size", "1000", "--rounds", "2", "--json", str(file))
    assert done.returncode == 0, done.stderr
    figures = json.loads(file.read_text())["engines"]
    assert set(figures) == _with_servers(list(ENGINES["store"]))
    assert all(figure > 0 for row in figures.values() for figure in row.values())


def test_vector_engines_side_by_side(tmp_path: Path) -> None:
    file = tmp_path / "vector.json"
    done = study(
        "engines",
        "vector",
        "--size",
        "1000",
        "--queries",
        "10",
        "--rounds",
        "1",
        "--engine",
        "pgvector",
        "--json",
        str(file),
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(file.read_text())["engines"]
    assert set(figures) == _with_servers(["numpy", "pgvector"])
    assert all(row["agreement"] == 1 for row in figures.values())


def test_ways_of_multiplying_vectors_with_a_query(tmp_path: Path) -> None:
    file = tmp_path / "product.json"
    done = study("vector_product", "--rows", "50", "--rounds", "2", "--json", str(file))
    assert done.returncode == 0, done.stderr
    figures = json.loads(file.read_text())
    assert [row["cold"] for row in figures] == [False, True]
    assert all({"matrix product", "a dot product a row"} <= set(row["us"]) for row in figures)
    assert all(us > 0 for row in figures for us in row["us"].values())
