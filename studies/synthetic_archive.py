"""Archives of results as asv would leave them, with steps planted in known commits; nothing is measured.

Log-normal noise, a slow common drift of the machine, one outlier in fifty, and missing points.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

MACHINE = "drawn"
LAYERS = ("ingest", "toc", "bm25", "vector", "topics", "route")
KINDS = ("up", "down", "two layers", "undone", "gradual", "quality", "memory", "none", "environments")


@dataclass
class Planted:
    """What an archive was given: the commit's number and the size of each step, as log ratio or loss."""

    kind: str
    size: float
    at: int
    names: list[str] = field(default_factory=list)
    until: int = 0
    """First commit of the end of a gradual change, or of the one that undid it."""


def benchmarks(series_a_layer: int) -> dict[str, dict[str, Any]]:
    """The suite: times, a memory and a loss of each layer."""
    found: dict[str, dict[str, Any]] = {}
    for layer in LAYERS:
        for number in range(series_a_layer):
            found[f"{layer}.time_{number}"] = {"unit": "seconds", "type": "time", "metric": "p50"}
        found[f"{layer}.peakmem"] = {"unit": "bytes", "type": "peakmemory", "metric": "peak_memory"}
        found[f"{layer}.track_loss"] = {"unit": "loss", "type": "track", "metric": "quality", "deterministic": True}
    for name, entry in found.items():
        entry |= {"name": name, "layer": name.partition(".")[0], "version": "1", "params": [], "param_names": []}
    return found


def plant(rng: np.random.Generator, kind: str, commits: int, series_a_layer: int, size: float) -> Planted:
    """Choose a commit and the series that it changes."""
    at = int(rng.integers(8, commits - 8))
    layers = [str(layer) for layer in rng.permutation(LAYERS)]
    planted = Planted(kind, float(np.log1p(size)), at)
    if kind == "none":
        return planted
    if kind == "down":
        planted.size = -planted.size
    if kind == "quality":
        planted.size, planted.names = size / 5, [f"{layers[0]}.track_loss"]
    elif kind == "memory":
        planted.names = [f"{layers[0]}.peakmem"]
    else:
        chosen = layers[: 2 if kind == "two layers" else 1]
        planted.names = [f"{layer}.time_{number}" for layer in chosen for number in range(series_a_layer)]
    if kind == "undone":
        planted.at = int(rng.integers(8, commits - 16))
        planted.until = planted.at + 8
    if kind == "gradual":
        planted.at, planted.until = commits // 3, commits - commits // 3
    return planted


def shape(planted: Planted, commits: int) -> "np.typing.NDArray[np.float64]":
    """How much of the planted size is there at each commit."""
    x = np.arange(commits, dtype=float)
    if planted.kind == "gradual":
        return np.clip((x - planted.at) / (planted.until - planted.at), 0, 1)
    there = x >= planted.at
    return (there & (x < planted.until) if planted.kind == "undone" else there).astype(float)


def write(
    root: Path,
    rng: np.random.Generator,
    planted: Planted,
    commits: int,
    series_a_layer: int,
    sigma: float,
    missing: float,
) -> None:
    """Write configuration, benchmarks.json and a result file a commit and environment under `root`."""
    suite = benchmarks(series_a_layer)
    folder = root / "results" / MACHINE
    folder.mkdir(parents=True)
    config = {"version": 1, "project": "drawn", "repo": "https://example.org/drawn.git", "branches": ["main"]}
    (root / "asv.conf.json").write_text(json.dumps(config | {"results_dir": "results"}))
    (root / "results" / "benchmarks.json").write_text(json.dumps(suite | {"version": 2}))
    (folder / "machine.json").write_text(json.dumps({"machine": MACHINE, "version": 1}))
    effect = shape(planted, commits) * planted.size
    for environment in ("py3.11", "py3.12") if planted.kind == "environments" else ("py3.11",):
        common = np.cumsum(rng.normal(0, 0.01, commits))
        tables = {name: _values(rng, name, entry, planted, effect, common, sigma) for name, entry in suite.items()}
        for number in range(commits):
            kept = {n: [[float(t[number])], [], "1"] for n, t in tables.items() if rng.random() >= missing}
            digest = f"{number:08x}" + "0" * 32
            content = {
                "version": 2,
                "commit_hash": digest,
                "env_name": environment,
                "date": 1_700_000_000_000 + 86_400_000 * number,
                "params": {"machine": MACHINE},
                "result_columns": ["result", "params", "version"],
                "results": kept,
            }
            (folder / f"{digest[:8]}-{environment}.json").write_text(json.dumps(content))


def _values(
    rng: np.random.Generator, name: str, entry: dict[str, Any], planted: Planted, effect: Any, common: Any, sigma: float
) -> "np.typing.NDArray[np.float64]":
    own = effect if name in planted.names else 0.0
    count = len(common)
    if entry["unit"] == "loss":
        return np.asarray(0.2 + own + np.zeros(count))
    if entry["unit"] == "bytes":
        return np.asarray(1e8 * np.exp(rng.normal(0, 0.005, count) + own))
    outliers = np.where(rng.random(count) < 0.02, 0.4, 0.0)
    return np.asarray(0.01 * np.exp(common + rng.normal(0, sigma, count) + outliers + own))
