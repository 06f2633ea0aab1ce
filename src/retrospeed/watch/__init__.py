"""``retrospeed watch``: finds the steps and drifts in the history of a suite, and says which of them matter.

The data's path, a module a stage: ``archive`` reads the results in the order of ``commit_order`` → ``common_component``
takes out what the machine did to all series at once → ``findings`` (``outliers``, ``max_t``, ``segmentation``,
``drift``) finds what changed → ``alerts`` judges and groups it by commit → ``summary`` says it in words, and
``terminal``, ``json_form`` and ``page`` give it out.
"""
