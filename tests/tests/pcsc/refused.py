"""Asks for a connection to the first reader in each share mode; prints what it gets."""

from smartcard.scard import *

from first_card import check

result, context = SCardEstablishContext(SCARD_SCOPE_USER)
check(result)
result, names = SCardListReaders(context, [])
check(result)
for mode in (SCARD_SHARE_SHARED, SCARD_SHARE_EXCLUSIVE, SCARD_SHARE_DIRECT):
    result, card, protocol = SCardConnect(context, names[0], mode, SCARD_PROTOCOL_T0)
    print("violation" if result == SCARD_E_SHARING_VIOLATION else "%#x" % result)
check(SCardReleaseContext(context))
