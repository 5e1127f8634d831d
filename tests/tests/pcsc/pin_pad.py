"""Finds the keypad of the first reader and lets the holder key the PIN there (PC/SC part 10); prints the status words."""

import struct

from smartcard.scard import *

from first_card import check, connect, features

context, card = connect()
codes = features(card)
print("features", " ".join("%02X" % tag for tag in sorted(codes)), flush=True)
if 0x06 in codes:
    apdu = bytes([0x00, 0x20, 0x00, 0x00, 0x00])
    # Packed digits from the left, as many as are keyed, 4 to 12, ended by the enter key.
    request = struct.pack("<BBBBBHBBHB3sI", 30, 0, 0x81, 0, 0, 0x040C, 2, 1, 0x0804, 0, b"\0\0\0", len(apdu)) + apdu
    for _ in range(3):
        result, response = SCardControl(card, codes[0x06], list(request))
        check(result)
        print("verified", bytes(response).hex().upper(), flush=True)
check(SCardReleaseContext(context))
