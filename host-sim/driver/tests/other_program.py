"""Another program that uses the card in a reader, named by its place among the readers: READER. It does what each line says, and
answers with a line when that is done."""
import sys

from smartcard.scard import *

dispositions = {"leave": SCARD_LEAVE_CARD, "reset": SCARD_RESET_CARD, "unpower": SCARD_UNPOWER_CARD}
protocols = SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1
card = None


def check(result):
    if result != SCARD_S_SUCCESS:
        raise SystemExit(SCardGetErrorMessage(result))


result, context = SCardEstablishContext(SCARD_SCOPE_USER)
check(result)
result, names = SCardListReaders(context, [])
check(result)
for line in sys.stdin:
    word = line.split()
    if word[0] == "connect":
        share = SCARD_SHARE_EXCLUSIVE if word[1] == "exclusive" else SCARD_SHARE_SHARED
        result, card, _ = SCardConnect(context, names[int(sys.argv[1])], share, protocols)
        check(result)
    elif word[0] == "begin":
        check(SCardBeginTransaction(card))
    elif word[0] == "end":
        check(SCardEndTransaction(card, dispositions[word[1]]))
    elif word[0] == "look":
        # Takes notice of what others have done to the card.
        if SCardStatus(card)[0] == SCARD_W_RESET_CARD:
            check(SCardReconnect(card, SCARD_SHARE_SHARED, protocols, SCARD_LEAVE_CARD)[0])
    elif word[0] == "disconnect":
        check(SCardDisconnect(card, SCARD_LEAVE_CARD))
    print("done", flush=True)
