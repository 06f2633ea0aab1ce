"""Client requests of valgrind's callgrind. Loaded by the worker, so it knows the standard library only."""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Callable

CALLGRIND = ord("C") << 24 | ord("T") << 16
DUMP_STATISTICS, START_INSTRUMENTATION, STOP_INSTRUMENTATION = CALLGRIND, CALLGRIND + 4, CALLGRIND + 5
"""Client requests, as numbered in callgrind.h."""


def valgrind_request() -> Callable[[int], int]:
    """A function that makes a client request of valgrind, by its instruction sequence for x86-64.

    The sequence is that of valgrind.h (Valgrind manual, "The Client Request mechanism"); to any other CPU than
    valgrind's own it is four rotations that cancel out. Written here, it needs neither a compiler nor a header.
    """
    if os.uname().machine != "x86_64":
        raise RuntimeError("instructions can be counted on x86-64 only")
    code = bytes.fromhex("4889f8 31d2 48c1c703 48c1c70d 48c1c73d 48c1c733 4887db 4889d0 c3")
    memory = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    memory.write(code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    call = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p)(address)

    def request(number: int) -> int:
        arguments = (ctypes.c_uint64 * 6)(number)
        # `memory` is named so that it lives as long as this function does.
        return int(call(ctypes.addressof(arguments))) if memory else 0

    return request
