"""The first process of a Python cell: forks for each job, so that none pays for Python's start.

Started by the helper program (cell/main.cc) within the sandbox, with the system call filter in hex.
The layout of messages is in protocol.h. The forked process takes the limits and the filter upon
itself, then becomes the tested program; what it does to its memory is its own copy's.
"""

import atexit
import array
import bisect
import cmath
import collections
import copy
import ctypes
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import gc
import heapq
import io
import itertools
import json
import math
import operator
import os
import random
import re
import resource
import signal
import socket
import statistics
import string
import struct
import sys
import threading
import time
import traceback
import types
import typing

CONTROL = 3
JOB = struct.Struct("<IIQQ")
REPLY = struct.Struct("<iIQ")
NUM_FDS = 4
CALL = 1
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2

libc = ctypes.PyDLL(None, use_errno=True)


class FilterProgram(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def make_filter(text):
    code = bytes.fromhex(text)
    return FilterProgram(len(code) // 8, code)


def limit(which, value):
    resource.setrlimit(which, (value, value))


def open_streams():
    """New objects for descriptors 0 to 2, as a fresh interpreter would make them."""
    settings = {"encoding": "utf-8", "errors": "surrogateescape", "closefd": False}
    sys.stdin = sys.__stdin__ = open(0, "r", **settings)
    sys.stdout = sys.__stdout__ = open(1, "w", **settings)
    sys.stderr = sys.__stderr__ = open(2, "w", buffering=1, **settings)


def find_function(space, name):
    """`name` itself, or a method of class Solution."""
    if "Solution" in space and hasattr(space["Solution"], name):
        return getattr(space["Solution"](), name)
    if name in space:
        return space[name]
    print(f"there is no function {name}", file=sys.stderr)
    raise SystemExit(1)


def add_names(space):
    """What those who write a bare function expect to be there."""
    for module in (typing, collections, heapq, bisect, itertools, functools):
        for name in getattr(module, "__all__", None) or dir(module):
            if not name.startswith("_"):
                space[name] = getattr(module, name)
    for module in (bisect, collections, functools, heapq, itertools, math, random, re, string, sys,
                   operator, copy, json, typing):
        space.setdefault(module.__name__, module)


def call(source, space):
    result_fd = os.dup(1)
    os.dup2(2, 1)  # what it prints is no result
    open_streams()
    request = json.loads(sys.stdin.read())
    add_names(space)
    exec(compile(source, "solution.py", "exec"), space)
    result = find_function(space, request["function"])(*request["arguments"])
    with open(result_fd, "w", encoding="utf-8") as out:
        out.write(json.dumps(result))


def become(kind, cpu_seconds, memory_bytes, output_bytes, fds, filter_program):
    """Runs the job in this process, which ends with it."""
    source = os.pread(fds[0], os.fstat(fds[0]).st_size, 0)
    for to, fd in enumerate(fds[1:]):
        os.dup2(fd, to)
    os.closerange(3, 64)
    limit(resource.RLIMIT_CPU, cpu_seconds)
    limit(resource.RLIMIT_AS, memory_bytes)
    limit(resource.RLIMIT_FSIZE, output_bytes)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(filter_program), 0, 0) != 0:
        os._exit(127)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.enable()
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    sys.argv = ["solution.py"]
    open_streams()
    code = 0
    try:
        if kind == CALL:
            call(source, main.__dict__)
        else:
            exec(compile(source, "solution.py", "exec"), main.__dict__)
    except SystemExit as end:
        code = 0 if end.code is None else end.code
        if not isinstance(code, int):
            print(code, file=sys.stderr)
            code = 1
    except BaseException:
        traceback.print_exc()
        code = 1
    try:
        threading._shutdown()
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.__stdout__):
            if stream is not None and not stream.closed:
                stream.flush()
    except BaseException:
        traceback.print_exc()
        code = code or 1
    os._exit(code & 0xFF)


def end_all_others():
    """As the first process of its namespace this one reaches every other."""
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        return
    try:
        while True:
            os.waitpid(-1, 0)
    except ChildProcessError:
        return


def serve(control, filter_program):
    unchanged = os.stat("/tmp").st_ctime_ns
    control.send(b"R")
    while True:
        message, fds, _, _ = socket.recv_fds(control, JOB.size, NUM_FDS)
        if len(message) != JOB.size or len(fds) != NUM_FDS:
            return
        pid = os.fork()
        if pid == 0:
            become(*JOB.unpack(message), fds, filter_program)
        for fd in fds:
            os.close(fd)
        _, status, usage = os.wait4(pid, 0)
        end_all_others()
        dirty = os.stat("/tmp").st_ctime_ns != unchanged
        seconds = usage.ru_utime + usage.ru_stime
        control.send(REPLY.pack(status, dirty, round(seconds * 1e6)))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.disable()
    gc.freeze()  # what exists is shared with every job's process
    serve(socket.socket(fileno=CONTROL), make_filter(sys.argv[1]))
