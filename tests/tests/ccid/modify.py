"""Lets the holder change the PIN on the keypad of the first reader (PC/SC part 10), once for each number of messages that a program may
want shown; prints the status words."""

import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "pcsc"))

from smartcard.scard import *

from first_card import check, connect, features

context, card = connect()
codes = features(card)
# The present PIN in packed digits, FF, and the new one: blocks of three bytes, at 0 and at 4.
apdu = bytes.fromhex("805E010007FFFFFFFFFFFFFF")
for messages in (0, 1, 2, 3):
    # The present PIN is asked for, and the new one twice.
    request = struct.pack(
        "<BBBBBBBHBBBHBBB3sI", 30, 0, 0x81, 3, 0, 0, 4, 0x0606, 3, 2, messages, 0x0804, 0, 1, 2, b"\0\0\0", len(apdu)
    )
    result, response = SCardControl(card, codes[0x07], list(request + apdu))
    check(result)
    print("modified", bytes(response).hex().upper(), flush=True)
check(SCardReleaseContext(context))
