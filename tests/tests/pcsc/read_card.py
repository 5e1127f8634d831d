"""Reads EF05 and EF06 of the card in the first reader with pyscard; prints each record in hex, or the status word."""

from smartcard.System import readers
from smartcard.util import toHexString

connection = readers()[0].createConnection()
connection.connect()
print("atr", toHexString(connection.getATR()))


def send(hexadecimal):
    data, sw1, sw2 = connection.transmit(list(bytes.fromhex(hexadecimal)))
    return bytes(data).hex().upper() if (sw1, sw2) == (0x90, 0x00) else "%02X%02X" % (sw1, sw2)


send("00A404000F7378312E73682EC9E7BBE1B1A3D5CF00")
for fid, records in (("EF05", 7), ("EF06", 8)):
    send("00A4000002" + fid)
    for number in range(1, records + 1):
        print(fid, number, send("00B2%02X0400" % number))
connection.disconnect()
