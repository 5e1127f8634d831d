"""Eight threads read the same card at once; ctypes lets them run side by side."""
import ctypes
import sys
import threading

library = ctypes.CDLL(sys.argv[1])
library.iReadCardBas.restype = ctypes.c_longlong
good = []


def read():
    for _ in range(50):
        text = ctypes.create_string_buffer(256)
        if library.iReadCardBas(1, text) == 0 and text.value.startswith(b"320100|111111198101011110|"):
            good.append(1)


threads = [threading.Thread(target=read) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(good), "good")
