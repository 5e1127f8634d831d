"""Holds the card in the first reader exclusively, until a row comes or standard input ends."""

import sys

from smartcard.scard import *

from first_card import check

result, context = SCardEstablishContext(SCARD_SCOPE_USER)
check(result)
result, names = SCardListReaders(context, [])
check(result)
result, card, protocol = SCardConnect(context, names[0], SCARD_SHARE_EXCLUSIVE, SCARD_PROTOCOL_T0)
check(result)
print("held", flush=True)
sys.stdin.readline()
check(SCardDisconnect(card, SCARD_LEAVE_CARD))
check(SCardReleaseContext(context))
