"""A person at a terminal: starts the program, waits for each question, keys each answer.

Arguments: the program and its own. Standard input: a JSON array of pairs, what is awaited and what is keyed then. Standard output:
a JSON object with the exit status and all that was seen.
"""

import json
import signal
import sys

import pexpect

LIMIT = 30  # seconds for an answer: less than the test gives this script

# Who starts this in the background lets it ignore what Ctrl-C sends, and the program would inherit that.
signal.signal(signal.SIGINT, signal.SIG_DFL)
child = pexpect.spawn(sys.argv[1], sys.argv[2:], encoding="utf-8", timeout=LIMIT, dimensions=(40, 160))
seen = ""
for awaited, keyed in json.load(sys.stdin):
    try:
        child.expect_exact(awaited)
    except (pexpect.TIMEOUT, pexpect.EOF) as failure:
        sys.exit(f"{type(failure).__name__} while {awaited!r} was awaited, after {seen}{child.before}")
    seen += child.before + child.after
    child.send(keyed + "\r")
child.expect(pexpect.EOF)
seen += child.before
child.close()
json.dump({"status": child.exitstatus, "seen": seen}, sys.stdout)
