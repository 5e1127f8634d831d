"""Waits for events of the first reader; `qiyong pcscd ctl`, run at the same time, causes them.

Prints one row for each event, one for a wait that is cancelled, and one for a wait that ends by itself.
"""

import os
import subprocess
import threading

from smartcard.scard import *

from first_card import check


def ctl(action):
    subprocess.run([os.environ["QIYONG"], "pcscd", "ctl", "--socket", os.environ["SOCKET"], action, "0"], check=True)


result, context = SCardEstablishContext(SCARD_SCOPE_USER)
check(result)
result, names = SCardListReaders(context, [])
check(result)
result, states = SCardGetStatusChange(context, 0, [(names[0], SCARD_STATE_UNAWARE)])
check(result)

WORDS = ((SCARD_STATE_EMPTY, "empty"), (SCARD_STATE_PRESENT, "present"), (SCARD_STATE_MUTE, "mute"))
for action in ("remove", "insert", "mute"):
    # The wait begins before or after the event: it must be told of it either way.
    actor = threading.Thread(target=ctl, args=(action,))
    actor.start()
    wanted = {"remove": SCARD_STATE_EMPTY, "insert": SCARD_STATE_PRESENT, "mute": SCARD_STATE_MUTE}[action]
    state = states[0][1] & ~SCARD_STATE_CHANGED
    while True:
        result, states = SCardGetStatusChange(context, 30000, [(names[0], state)])
        check(result)
        state = states[0][1] & ~SCARD_STATE_CHANGED
        if state & wanted:
            break
    actor.join()
    print(action, " ".join(word for bit, word in WORDS if state & bit), bytes(states[0][2]).hex())

# SCardCancel only reaches a wait that has begun: it is repeated until the waiting thread is back.
outcome = []


def wait():
    outcome.append(SCardGetStatusChange(context, INFINITE, [(names[0], state)])[0])


waiter = threading.Thread(target=wait)
waiter.start()
while waiter.is_alive():
    result = SCardCancel(context)
    # As the real pcscd says when nobody waits yet.
    if result != SCARD_E_INVALID_HANDLE:
        check(result)
    waiter.join(0.01)
print("cancelled", outcome == [SCARD_E_CANCELLED])

result, _ = SCardGetStatusChange(context, 50, [(names[0], state)])
print("timeout", result == SCARD_E_TIMEOUT)
check(SCardReleaseContext(context))
