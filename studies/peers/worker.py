"""One peer in a process of its own: it builds, then answers what it is asked."""

import gc
import time
import traceback
import warnings
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from judged import ndcg, recall
from peers.inputs import Embedding, Given, Source
from peers.registry import REGISTRY

K = 10


def serve(pipe: Connection, name: str, source: Source, folder: Path) -> None:
    """Send "ready" or why not; then answer "build", ("time", numbers), "quality"; end at None.

    Whatever a peer raises is sent as text: it must not take the others with it.
    """
    warnings.simplefilter("ignore")
    try:
        _serve(pipe, name, source, folder)
    except ImportError as error:
        pipe.send(f"not installed: {error.name or error}")
    except Exception as error:
        traceback.print_exc()
        pipe.send(f"broke: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")


def _serve(pipe: Connection, name: str, source: Source, folder: Path) -> None:
    entry = REGISTRY[name]
    versions = entry.versions()
    peer_class = entry.load()
    given = Given(source)
    embedding = Embedding(given, getattr(peer_class, "embedder", "minilm"))
    if entry.kind == "hybrid":
        # The model is loaded before anything is timed, as a service has it loaded.
        embedding.live = True
        embedding([given.questions[0].text])
        embedding.live = False
    folder.mkdir()
    peer = peer_class(folder, embedding)
    with_vector = entry.kind == "vector"
    pipe.send({"versions": versions})
    while (task := pipe.recv()) is not None:
        if task == "build":
            gc.collect()
            before = _peak_mb()
            begun = time.perf_counter()
            peer.build(given.documents, given.vectors)
            built = time.perf_counter() - begun
            embedding.live = True
            begun = time.perf_counter()
            peer.search(given.query(0, with_vector=with_vector), K)
            pipe.send({"build_s": built, "first_ms": (time.perf_counter() - begun) * 1000, "before_mb": before})
        elif task == "quality":
            peak = _peak_mb()
            embedding.live = False
            pipe.send(_quality(peer, given, with_vector=with_vector) | {"peak_mb": peak})
        else:
            taken, used = [], time.process_time()
            for query in [given.query(number, with_vector=with_vector) for number in task[1]]:
                begun = time.perf_counter()
                peer.search(query, K)
                taken.append(time.perf_counter() - begun)
            pipe.send((taken, time.process_time() - used))
    pipe.send(_peak_mb())


def _quality(peer: Any, given: Given, *, with_vector: bool) -> dict[str, Any]:
    gains, recalls, shares = [], [], []
    for number, question in enumerate(given.questions):
        found = peer.search(given.query(number, with_vector=with_vector), K)
        if len(found) != len(set(found)):
            raise ValueError(f"it returned an id twice: {found}")
        gains.append(ndcg(found, question.relevant))
        recalls.append(recall(found, question.relevant))
        if with_vector:
            nearest = given.nearest(number, K)
            shares.append(len(nearest.intersection(found)) / len(nearest))
    return {
        "ndcg": float(np.mean(gains)),
        "recall": float(np.mean(recalls)),
        "nearest": float(np.mean(shares)) if shares else None,
    }


def _peak_mb() -> float:
    """Peak resident memory of this process. Not ru_maxrss, which begins with that of the process that started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6
