"""Software that leaves the security module to the library: merged steps, and the web-service family.

    merged.py LIBRARY URL CARD        a token in TILL_TOKEN
"""

import json
import os
import sys

from library import Library

LIBRARY, URL, CARD = sys.argv[1:]
call = Library(LIBRARY, 256).call

_, question = call("iReadCardBas_HSM_Step1", 3)
between = call("iReadCardBas_HSM_Step1To2", 3, question)
basic = call("iReadCardBas_HSM_Step2", between[1])
_, question = call("iDoDebit_HSM_Step1", 3, f"|{CARD}|", "0.10|0.00|20260302090000|")
mac = call("iDoDebit_HSM_Step1To2", question)
noted = call("iDoDebit_HSM_Step2", mac[1])
remote = [
    call("iCommReadCardBas", URL, "till", token, "", 3)
    for token in (os.environ["TILL_TOKEN"], "320100-nobody")
]
print(json.dumps({
    "between": between[0], "basic": basic, "mac": mac[0], "noted": noted[0], "remote": remote,
    "elsewhere": call("iCommReadCardBas", "http://192.0.2.1:80", "till", "token", "", 3)[0],
}))
