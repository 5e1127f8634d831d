"""Prints SCardStatus and the attributes of the first reader, then the errors for attributes that it does not have."""

from smartcard.scard import *

from first_card import check, connect

context, card = connect()
result, name, state, protocol, atr = SCardStatus(card)
check(result)
print("status", name, hex(state & 0xFFFF), protocol, bytes(atr).hex().upper())
for title, attribute in (
    ("atr", SCARD_ATTR_ATR_STRING),
    ("vendor", SCARD_ATTR_VENDOR_NAME),
    ("type", SCARD_ATTR_VENDOR_IFD_TYPE),
    ("name", SCARD_ATTR_DEVICE_FRIENDLY_NAME_A),
    ("presence", SCARD_ATTR_ICC_PRESENCE),
    ("powered", SCARD_ATTR_ICC_INTERFACE_STATUS),
    ("protocol", SCARD_ATTR_CURRENT_PROTOCOL_TYPE),
):
    result, value = SCardGetAttrib(card, attribute)
    check(result)
    print(title, bytes(value).hex().upper())
result, value = SCardGetAttrib(card, SCARD_ATTR_ESC_RESET)
print("unknown attribute", result == SCARD_E_UNSUPPORTED_FEATURE)
print("set attribute", SCardSetAttrib(card, SCARD_ATTR_VENDOR_NAME, [0]) == SCARD_E_UNSUPPORTED_FEATURE)
result, value = SCardControl(card, SCARD_CTL_CODE(1), [])
print("unknown control", result == SCARD_E_UNSUPPORTED_FEATURE)
check(SCardReleaseContext(context))
