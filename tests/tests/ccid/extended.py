"""Sends extended APDUs to the card in the first reader with pyscard; prints how many bytes came, and the status word."""

from smartcard.System import readers

connection = readers()[0].createConnection()
connection.connect()


def send(apdu):
    data, sw1, sw2 = connection.transmit(list(apdu))
    return "%d %02X%02X" % (len(data), sw1, sw2)


send(bytes.fromhex("00A4000002DF0100"))
print(send(bytes.fromhex("00B09600000000")))
print(send(bytes.fromhex("00D6960000012C") + bytes(300)))
connection.disconnect()
