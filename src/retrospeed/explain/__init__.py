"""``retrospeed explain COMMIT BENCH``: which functions a commit's difference went into.

In the order of the data: ``profiles`` runs both commits in alternation, with ``sampling``, ``counting`` and
``allocations`` in their environments; ``sources`` and ``functions`` say what was run and what the commit changed of it;
``difference`` subtracts, ``cause`` says it in a sentence; ``issue``, ``terminal``, ``page`` and ``json_form`` print it.
"""
