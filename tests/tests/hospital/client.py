"""A hospital's or pharmacy's counter, in the shape that such software has: it knows the driver library and the centre's address.

It tries the way through the terminal's PSAM, and where the library says that this cannot be, it takes the steps with the centre as
security module. It reads who the holder is, has the initial PIN changed, has the card note the payment, and settles the bill.

    client.py LIBRARY URL ITEM PRICE_FEN TIME        a token in TILL_TOKEN
"""

import json
import os
import sys
import urllib.error
import urllib.request

from library import Library

LIBRARY, URL, ITEM, PRICE, TIME = sys.argv[1:]
# What software of hospitals takes as "go to the security module".
FALL_BACK = {-2201, -2202, -2203, -27272, -24}
INITIAL_PIN = -35

call = Library(LIBRARY, 1024).call
ways = []


def done(name, *arguments):
    """The text of a call that must succeed."""
    result, text = call(name, *arguments)
    if result != 0:
        sys.exit(f"{name}: {result} {text}")
    return text


def ask(act, body):
    """The answer of the centre to an act that must succeed."""
    headers = {"Authorization": f"Bearer {os.environ['TILL_TOKEN']}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{URL}/v1/{act}", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        sys.exit(f"{act}: {error.code} {error.read().decode()}")


def either(name, arguments, business, body):
    """By the PSAM, or in two steps by the centre: result and text."""
    result, text = call(name, *arguments)
    if result not in FALL_BACK:
        ways.append([name, "psam", result])
        return result, text
    ways.append([name, "module", result])
    result, question = call(f"{name}_HSM_Step1", *arguments)
    if result != 0:
        return result, question
    key = ask(f"module/{business}", {"question": question, **body})["key"]
    return call(f"{name}_HSM_Step2", key)


def yuan(fen):
    return f"{fen // 100}.{fen % 100:02}"


result, text = either("iReadCardBas", [1], "read", {})
if result != 0:
    sys.exit(f"iReadCardBas: {result} {text}")
_, _, number, ident, name, historical, version, *_ = text.split("|")

person = ask("settlement/person", {"mdtrt_cert_type": "03", "mdtrt_cert_no": number})
line = {
    "feedetl_sn": "1", "fee_ocur_time": "2026-03-02T08:30:00", "med_list_codg": ITEM, "cnt": "1",
    "pric": yuan(int(PRICE)), "det_item_fee_sumamt": int(PRICE),
}
bill = ask("settlement/prepare", {
    "psn_no": person["psn_no"], "mdtrt_cert_type": "03", "mdtrt_cert_no": number, "med_type": "41",
    "acct_used_flag": True, "feedetail": [line],
})
owed = bill["setlinfo"]
pay = f"{yuan(owed['acct_pay'])}|{yuan(owed['fund_pay_sumamt'])}|{TIME}|"
debit = ["iDoDebit", [1, f"{ident}|{number}|", pay], "debit", {"card": number}]
result, noted = either(*debit)
changed = result == INITIAL_PIN
if changed:
    done("iChangePIN", 1)
    result, noted = either(*debit)
if result != 0:
    sys.exit(f"iDoDebit: {result} {noted}")
body = {
    "mdtrt_id": bill["mdtrt_id"], "card": number, "historical": historical,
    "algorithm": "sm4" if version == "3.00" else "triple-des", "noted": noted, "pin_changed": True,
}
settled = ask("settlement/debit", body)
again = ask("settlement/debit", body)
print(json.dumps({
    "ways": ways, "changed": changed, "holder": name, "settled": settled, "again": again == settled,
    "records": done("iReadDebitRecord", 1),
}))
