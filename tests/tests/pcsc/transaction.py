"""Begins a transaction on the first reader, verifies the PIN 123456, prints that, and ends the transaction when a row arrives on standard input."""

import sys

from smartcard.scard import *

from first_card import check, connect

context, card = connect()
check(SCardBeginTransaction(card))
result, response = SCardTransmit(card, SCARD_PCI_T0, [0x00, 0x20, 0x00, 0x00, 0x03, 0x12, 0x34, 0x56])
check(result)
print("begun", bytes(response).hex(), flush=True)
sys.stdin.readline()
check(SCardEndTransaction(card, SCARD_LEAVE_CARD))
print("ended", flush=True)
check(SCardDisconnect(card, SCARD_LEAVE_CARD))
check(SCardReleaseContext(context))
