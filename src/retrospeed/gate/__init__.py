"""``retrospeed gate``: measures two commits now, in alternation, and judges them with an error rate it can quote.

From the bottom up: ``worker`` runs in the environment of a commit; ``worker_process`` and ``worker_pair`` hold two of
them alive; ``alternate`` and ``values`` take one pair of samples; ``signed_rank``, ``two_stage`` and ``suite_error``
decide how many pairs are needed and what they show; ``run`` does it for a suite.
"""
