"""Errors that a user can mend: one sentence each, saying what is wrong, where, and what to do."""


class StrataError(Exception):
    """Base of every error that bad input or a bad store can cause; the command line prints it and exits 2."""


class TraceError(StrataError):
    """A line of a trace cannot be stored as an event."""


class ConflictError(StrataError):
    """An event id comes again with other content."""


class UnknownNameError(StrataError):
    """A name (engine, agent, layer, node) that the stack does not have; the message lists those it has."""


class StoreError(StrataError):
    """The store on disk cannot be used as it is: empty, newer than this program, or not a store."""


class ModelError(StrataError):
    """The embedding model is missing or is not the one that was pinned."""


class QueryError(StrataError):
    """The query cannot be answered: no words in it, or impossible bounds."""


class MissingLibraryError(StrataError):
    """An engine is asked for whose library, an optional dependency, is not installed."""
