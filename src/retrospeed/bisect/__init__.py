"""``retrospeed bisect``: which commit of a range changed a benchmark, or none.

A Bayesian search over the commits and "none", with measurements that are noisy but honest: every one compares a commit
with the good end, both alive at the same time (see `retrospeed.gate.alternate`). docs/history.md has the operating
curve.
"""
