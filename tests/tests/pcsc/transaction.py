"""Begins a transaction on the first reader, verifies the PIN 123456, says so, and ends it when a line comes in."""

import sys

from smartcard.scard import *


def check(result):
    if result != SCARD_S_SUCCESS:
        raise SystemExit(SCardGetErrorMessage(result))


result, context = SCardEstablishContext(SCARD_SCOPE_USER)
check(result)
result, names = SCardListReaders(context, [])
check(result)
result, card, protocol = SCardConnect(context, names[0], SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0)
check(result)
check(SCardBeginTransaction(card))
result, response = SCardTransmit(card, SCARD_PCI_T0, [0x00, 0x20, 0x00, 0x00, 0x03, 0x12, 0x34, 0x56])
check(result)
print("begun", bytes(response).hex(), flush=True)
sys.stdin.readline()
check(SCardEndTransaction(card, SCARD_LEAVE_CARD))
print("ended", flush=True)
check(SCardDisconnect(card, SCARD_LEAVE_CARD))
check(SCardReleaseContext(context))
