"""The suite of the self-test: one benchmark that costs just what it is told to."""
