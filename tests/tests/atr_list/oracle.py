"""A second opinion on ATRs: python3-pyscard's smartcard.ATR.

Reads one ATR in each row of standard input, as hex, and prints one JSON object in each row. "whole" is whether the bytes
end where pyscard's fields say; pyscard itself reads bytes of any length, and leaves this judgement to its user.
"""
import json
import sys

from smartcard.ATR import ATR


def opinion(data):
    try:
        atr = ATR(list(data))
    except IndexError:
        return {"readable": False}  # the bytes end within the interface bytes
    protocols = atr.getSupportedProtocols()  # "T=0", "T=1", ...
    # ISO/IEC 7816-3 clause 8.2.5; pyscard only sees whether there is room for a TCK.
    needs_tck = set(protocols) != {"T=0"}
    expected = 2 + atr.getInterfaceBytesCount() + atr.K + needs_tck

    def value(number):
        return None if number == "RFU" else number

    return {
        "readable": True,
        "whole": len(data) == expected,
        "needs_tck": needs_tck,
        "tck_ok": atr.checksumOK if atr.hasChecksum else None,
        "historical": bytes(atr.getHistoricalBytes()).hex().upper(),
        "interface_bytes": atr.getInterfaceBytesCount(),
        "t0": atr.isT0Supported(),
        "t1": atr.isT1Supported(),
        "t15": atr.isT15Supported(),
        "fi": value(atr.getClockRateConversion()),
        "di": value(atr.getBitRateFactor()),
        "extra_guard": atr.getGuardTime() or 0,
    }


for line in sys.stdin:
    print(json.dumps(opinion(bytes.fromhex(line))))
