"""A Python loop over a dictionary, as keyword search is made of, and a matrix product, as vector search is."""

import os

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
