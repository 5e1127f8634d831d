"""Connects to the first reader and waits for it and for readers that come and go; prints what it is told, and what calls say then.

Each row is one call: its name, and the name of what it returns.
"""

from smartcard.scard import *

from first_card import check, connect

NAMES = (
    "SCARD_S_SUCCESS",
    "SCARD_E_READER_UNAVAILABLE",
    "SCARD_E_UNKNOWN_READER",
    "SCARD_E_INVALID_HANDLE",
    "SCARD_E_INVALID_VALUE",
    "SCARD_E_NO_SMARTCARD",
    "SCARD_W_REMOVED_CARD",
    "SCARD_E_NO_READERS_AVAILABLE",
)


def name(result):
    found = [name for name in NAMES if globals()[name] == result]
    return found[0] if found else "%#x" % result


def bits(state):
    words = ("UNKNOWN", "UNAVAILABLE", "CHANGED", "EMPTY", "PRESENT")
    return " ".join(word for word in words if state & globals()["SCARD_STATE_" + word])


PLUG_AND_PLAY = "\\\\?PnP?\\Notification"
context, card = connect()
result, names = SCardListReaders(context, [])
check(result)
result, states = SCardGetStatusChange(context, 0, [(names[0], SCARD_STATE_UNAWARE)])
check(result)
seen = states[0][1] & ~SCARD_STATE_CHANGED
print("waits", flush=True)
result, states = SCardGetStatusChange(context, 60000, [(PLUG_AND_PLAY, 0), (names[0], seen)])
print("told", name(result), bits(states[0][1]) + ",", bits(states[1][1]), flush=True)
print("status", name(SCardStatus(card)[0]))
print("transmit", name(SCardTransmit(card, SCARD_PCI_T0, [0, 0x84, 0, 0, 8])[0]))
print("begin", name(SCardBeginTransaction(card)))
print("attribute", name(SCardGetAttrib(card, SCARD_ATTR_ATR_STRING)[0]))
print("reconnect", name(SCardReconnect(card, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0, SCARD_RESET_CARD)[0]))
print("connect", name(SCardConnect(context, names[0], SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0)[0]))
print("disconnect", name(SCardDisconnect(card, SCARD_RESET_CARD)), flush=True)
# Nobody can wait at a reader that is not there; that one comes is told to whoever waits for readers that come and go.
result, states = SCardGetStatusChange(context, 60000, [(names[0], 0)])
print("wait", name(result))
result, states = SCardGetStatusChange(context, 60000, [(PLUG_AND_PLAY, 0)])
print("told", name(result), bits(states[0][1]))
result, states = SCardGetStatusChange(context, 0, [(names[0], SCARD_STATE_UNAWARE)])
print("state", name(result), bits(states[0][1]), flush=True)
check(SCardReleaseContext(context))
