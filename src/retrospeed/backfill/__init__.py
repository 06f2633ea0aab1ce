"""Measures the commits of a range on the workers of a Dask cluster and merges what they send back.

The client's side: `command` → `run` → `parcel` (what is shipped), `agenda` (which commit next), `dispatcher` (who does
it), `arrivals` and `union` (what comes back), `report`. The worker's side: `errand` → `workshop` → `asv_process`.
`messages` is what the two say to each other.
"""
