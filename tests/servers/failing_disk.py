"""A disk that fails: from a moment on, every fsync of this process and its threads ends with an input/output error.

The kernel does it (a seccomp filter), so nothing in the program can tell it from a real one. It cannot be undone.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct

_SYNC = {"x86_64": (0xC000003E, 317, (74, 75)), "aarch64": (0xC00000B7, 277, (82, 83))}
"""By machine: its number for auditing, its call `seccomp`, and its calls `fsync` and `fdatasync`."""

_NO_NEW_PRIVILEGES, _SET_FILTER, _ALL_THREADS = 38, 1, 1
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000 | errno.EIO


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def fail_from_now_on() -> None:
    machine, seccomp, (fsync, fdatasync) = _SYNC[platform.machine()]
    code = b"".join(
        struct.pack("HBBI", *each)
        for each in (
            (_LOAD, 0, 0, 4),  # the machine that the call is made for
            (_JUMP_IF_EQUAL, 0, 4, machine),
            (_LOAD, 0, 0, 0),  # the number of the call
            (_JUMP_IF_EQUAL, 1, 0, fsync),
            (_JUMP_IF_EQUAL, 0, 1, fdatasync),
            (_RETURN, 0, 0, _FAIL),
            (_RETURN, 0, 0, _ALLOW),
        )
    )
    libc = ctypes.CDLL(None, use_errno=True)
    program = _Program(len(code) // 8, code)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.syscall(
        seccomp, _SET_FILTER, _ALL_THREADS, ctypes.byref(program)
    ):
        raise OSError(ctypes.get_errno(), "this kernel takes no filter")
