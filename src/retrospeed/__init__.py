"""The history tooling: which commit made a benchmark slower, hungrier or worse, judged over any asv suite."""
