"""Calls the driver library as a hospital's program does: LIBRARY FUNCTION... Prints the results, and what is read up to the card's number."""

import ctypes
import sys

library = ctypes.CDLL(sys.argv[1])
for function in sys.argv[2:]:
    text = ctypes.create_string_buffer(256)
    result = library[function](1, text)
    print(function, result, "|".join(text.value.decode("gbk").split("|")[:3]), flush=True)
