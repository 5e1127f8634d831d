"""A program that loads and unloads the driver library for each call, and one that forks: LIBRARY. For a line it prints the
results, how many counts of open files there were, and the results of the fork and of its parent afterwards."""
import _ctypes
import ctypes
import os
import sys


def read(library):
    return library.iReadCardBas(1, ctypes.create_string_buffer(256))


sys.stdin.readline()
results, files = set(), set()
for _ in range(10):
    library = ctypes.CDLL(sys.argv[1])
    results.add(read(library))
    _ctypes.dlclose(library._handle)
    files.add(len(os.listdir("/proc/self/fd")))
library = ctypes.CDLL(sys.argv[1])
child = os.fork()
if child == 0:
    os._exit(0 if read(library) == read(library) == 0 else 1)
forked = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(results, len(files), forked, read(library), flush=True)
