"""A caller of the driver library by ctypes, as hospital software in Python has it: LIBRARY, then the type of results. What it
reads and prints: see caller.c."""
import ctypes
import sys

BUFFER = 256
BEFORE = b"\xa5"

library = ctypes.CDLL(sys.argv[1])
result = getattr(ctypes, sys.argv[2])


def argument(word, buffer):
    if word[0] == "i":
        return int(word[1:])
    if word[0] == "s":
        return bytes.fromhex(word[1:])
    return buffer if word[0] == "o" else None


def call(name, *words):
    buffer = ctypes.create_string_buffer(BEFORE * BUFFER, BUFFER)
    function = getattr(library, name)
    function.restype = result
    number = function(*(argument(word, buffer) for word in words))
    text = buffer.raw.partition(b"\0")[0] if "o" in words else b""
    behind = buffer.raw[len(text) + ("o" in words):]
    return f"{number} {int(behind == BEFORE * len(behind))} {text.hex()}"


for line in sys.stdin:
    line = line.strip()
    print(int(hasattr(library, line[1:])) if line[0] == "?" else call(*line.split(" ")), flush=True)
