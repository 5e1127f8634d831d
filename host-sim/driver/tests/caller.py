"""A caller of the driver library by ctypes, as hospital software written in Python has it."""
import ctypes
import sys

library = ctypes.CDLL(sys.argv[1])
for restype in (ctypes.c_int, ctypes.c_long, ctypes.c_longlong):
    library.iReadCardBas.restype = restype
    text = ctypes.create_string_buffer(256)
    result = library.iReadCardBas(3, text)
    print(result, text.value.decode("gbk"))
