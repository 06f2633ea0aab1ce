"""A Python loop over a dictionary, as keyword search is made of, and a matrix product, as vector search is."""

import os
import time

import numpy as np

UNITS = int(os.environ["GATE_STUDY_UNITS"])
"""How much to do; 1,000 is the unchanged program."""
WEIGHTS = {f"term{number}": 1.0 / (1 + number) for number in range(40)}
VECTORS = np.random.default_rng(0).standard_normal((1000, 300))
QUERY = np.random.default_rng(1).standard_normal((300, 1))


def time_dictionary():
    for _ in range(UNITS):
        total = 0.0
        for term in WEIGHTS:
            total += WEIGHTS[term]


def time_vectors():
    for _ in range(UNITS // 10):
        VECTORS @ QUERY


def track_dictionary_p50():
    """Seconds of a tenth of it, as a suite finds them that takes its own samples."""
    samples, end = [], time.perf_counter() + 0.7
    while time.perf_counter() < end:
        began = time.perf_counter()
        for _ in range(UNITS // 10):
            sum(WEIGHTS[term] for term in WEIGHTS)
        samples.append(time.perf_counter() - began)
    return sorted(samples)[len(samples) // 2]


track_dictionary_p50.unit = "seconds"


def timeraw_import():
    """A process of its own, most of whose time goes into importing."""
    return "import numpy, scipy.stats"


timeraw_import.number = 1
