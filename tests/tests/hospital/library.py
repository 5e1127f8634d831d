"""The driver library, as programs in Python load it."""

import ctypes


class Library:
    """The library at a path, called with a buffer of so many bytes."""

    def __init__(self, path, room):
        self.functions = ctypes.CDLL(path)
        self.room = room

    def call(self, name, *arguments):
        """Calls a function; its result and its text."""
        function = getattr(self.functions, name)
        function.restype = ctypes.c_int
        buffer = ctypes.create_string_buffer(self.room)
        given = [value if isinstance(value, int) else value.encode("gbk") for value in arguments]
        result = function(*given, buffer)
        return result, buffer.value.decode("gbk")
