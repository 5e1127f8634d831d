"""Connects to the card in the first reader, in shared mode, for the other scripts of this folder."""

from smartcard.scard import *


def check(result):
    if result != SCARD_S_SUCCESS:
        raise SystemExit(SCardGetErrorMessage(result))


def connect():
    """Returns context and connection."""
    result, context = SCardEstablishContext(SCARD_SCOPE_USER)
    check(result)
    result, names = SCardListReaders(context, [])
    check(result)
    result, card, protocol = SCardConnect(context, names[0], SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0)
    check(result)
    return context, card


def features(card):
    """Returns the control codes of what the reader can do besides, by their tags (PC/SC part 10)."""
    result, answer = SCardControl(card, SCARD_CTL_CODE(3400), [])
    check(result)
    codes = {}
    while answer:
        tag, length = answer[:2]
        codes[tag] = int.from_bytes(bytes(answer[2 : 2 + length]), "big")
        answer = answer[2 + length :]
    return codes
