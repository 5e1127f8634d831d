"""Reads a card on the second reader, which has no contacts, with pyscard: what the reader knows, and records of the card."""

from smartcard.CardConnection import CardConnection
from smartcard.System import readers

connection = readers()[1].createConnection()
connection.connect()
print("atr", bytes(connection.getATR()).hex().upper())
print("protocol", {CardConnection.T0_protocol: "T=0", CardConnection.T1_protocol: "T=1"}[connection.getProtocol()])


def send(hexadecimal):
    data, sw1, sw2 = connection.transmit(list(bytes.fromhex(hexadecimal)))
    return "%s %02X%02X" % (bytes(data).hex().upper(), sw1, sw2)


for command in ("FFCA000000", "FFCA010000", "FFCA00000A"):
    print(command, send(command))
send("00A404000F7378312E73682EC9E7BBE1B1A3D5CF00")
for fid, number in (("EF05", 3), ("EF05", 7), ("EF06", 1)):
    send("00A4000002" + fid)
    print(fid, number, send("00B2%02X0400" % number))
connection.disconnect()
