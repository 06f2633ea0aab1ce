"""``retrospeed nightly``: measures what is new, and says what became worse, where, and why.

In the order of a night: ``new_commits`` lists what to measure, ``measuring`` has asv measure it, ``publishing`` builds
the site, ``suspicion`` looks for what changed, ``inquiry`` bisects and explains each suspect, ``forge`` files the
issues, ``report`` tells it all. ``state`` keeps what was done, so that a night that was broken off goes on.
"""
