"""Errors that a user can mend: one sentence each, saying what is wrong, where, and what to do."""


class RetrospeedError(Exception):
    """Base of every error that bad input can cause; the command line prints it and exits 2."""


class ConfigError(RetrospeedError):
    """The asv configuration is missing or unusable."""


class ResultsError(RetrospeedError):
    """A result file, or what should hold it, is missing, broken or of another version."""


class RevisionError(RetrospeedError):
    """A revision names no commit, or no commit that was measured."""


class ThresholdsError(RetrospeedError):
    """The thresholds file cannot be used as it is."""


class BaselineError(RetrospeedError):
    """The baseline file cannot be used as it is, or not for this machine."""
