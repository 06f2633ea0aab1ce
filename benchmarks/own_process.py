"""A call in a process of its own, so that the memory and the imports it is charged with are its own."""

import multiprocessing
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any


class FailedError(Exception):
    """What was called raised, or ended its process; the message is its traceback, or how it ended."""


def in_own_process(function: Callable[..., Any], *arguments: Any) -> Any:
    """What `function` returns, called in a new process that ends with it.

    The process is forked where the system can: it starts as small as this one is, and nothing is imported twice.
    Raises NotImplementedError if the function did, FailedError for anything else that ended it.
    """
    forks = "fork" in multiprocessing.get_all_start_methods()
    context: Any = multiprocessing.get_context("fork" if forks else "spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(sending, function, arguments), daemon=True)
    process.start()
    sending.close()
    try:
        kind, value = receiving.recv()
    except EOFError:
        process.join()
        raise FailedError(f"its process ended with status {process.exitcode} and no word") from None
    finally:
        receiving.close()
    process.join()
    if kind == "missing":
        raise NotImplementedError(value)
    if kind == "failed":
        raise FailedError(value)
    return value


def _answer(pipe: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        pipe.send(("value", function(*arguments)))
    except NotImplementedError as missing:
        pipe.send(("missing", str(missing)))
    except BaseException:
        pipe.send(("failed", traceback.format_exc()))
