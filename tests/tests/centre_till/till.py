"""A till of somebody else: it plays docs/centre.md §15 over HTTP and compares every figure with those of the page.

It needs nothing but Python, knows the centre by its address alone, and takes amounts from the page, never from here.

    till.py URL PAGE PSN_NO ID_NUMBER        tokens in OFFICER_TOKEN, PHARMACY_TOKEN, HOSPITAL_TOKEN
"""

import json
import os
import re
import sys
import urllib.error
import urllib.request

URL, PAGE, PSN_NO, ID_NUMBER = sys.argv[1:]
AMOUNT = r"−?[\d,]+\.\d\d"
compared = []


def fen(text):
    """Fen of yuan as the page writes them; an empty cell is nothing."""
    text = text.strip().replace(",", "").replace("−", "-")
    if not text:
        return 0
    yuan, _, rest = text.partition(".")
    return int(yuan + rest.ljust(2, "0"))


def same(what, is_, page):
    """Compares a figure of the centre with the page's."""
    compared.append({"what": what, "page": page, "centre": is_})
    if is_ != page:
        sys.exit(f"{what}: the page says {page} fen, the centre {is_}")


def ask(who, act, body, key=None):
    """Carries out an act; the status and the answer."""
    headers = {"Authorization": f"Bearer {os.environ[who + '_TOKEN']}", "Content-Type": "application/json"}
    if key:
        headers["Idempotency-Key"] = key
    request = urllib.request.Request(f"{URL}/v1/{act}", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def done(who, act, body, key=None):
    """The answer of an act that must succeed."""
    status, answer = ask(who, act, body, key)
    if status != 200:
        sys.exit(f"{act}: {status} {answer}")
    return answer


def section(text):
    """What stands under §15."""
    return re.search(r"^## 15\..*?(?=^## 16\.)", text, re.S | re.M).group()


def found(pattern, text):
    """The groups of the first match; the page must have it."""
    match = re.search(pattern, text)
    if not match:
        sys.exit(f"the page has no {pattern!r}")
    return match.groups()


def item(code, level, price_level):
    """Lays down what the page says of an item: its level, share and limit."""
    share = re.search(r"(\d+) %", level)
    limit = re.search(r"limit(?: of)? ([\d.]+)", level)
    kind = "03" if "丙" in level else "02" if "乙" in level else "01"
    own = {"01": "0", "02": f"0.{int(share.group(1)):02}" if share else "", "03": "1"}[kind]
    limits = [{"level": price_level, "pric_uplmt_amt": limit.group(1)}] if limit else []
    body = {"med_list_codg": code, "since": "2026-03-02", "chrgitm_lv": kind, "selfpay_prop": own, "limits": limits}
    done("OFFICER", "catalogue/set", body)


def line(serial, code, count, price, amount):
    """A line of a bill."""
    return {
        "feedetl_sn": str(serial), "fee_ocur_time": "2026-03-02T08:30:00", "med_list_codg": code, "cnt": count,
        "pric": price, "det_item_fee_sumamt": amount,
    }


def bill(med_type, **more):
    """Who the person is, and what is done."""
    return {
        "psn_no": PSN_NO, "mdtrt_cert_type": "02", "mdtrt_cert_no": ID_NUMBER, "med_type": med_type,
        "acct_used_flag": True, **more,
    }


def balance():
    """What is on the account, as a till sees it."""
    person = done("PHARMACY", "settlement/person", {"mdtrt_cert_type": "02", "mdtrt_cert_no": ID_NUMBER})
    return person["balc"]


def settle(who, med_type, visit, message, total):
    """Settles a visit by its number; said again, it is the same settlement."""
    body = bill(med_type, mdtrt_id=visit, medins_setl_id=message, medfee_sumamt=total)
    settled = done(who, "settlement/settle", body, f"key-{message}")
    same(f"{message} again", done(who, "settlement/settle", body, f"key-{message}")["setl_id"], settled["setl_id"])
    same(f"{message} under no key", done(who, "settlement/settle", body)["setl_id"], settled["setl_id"])
    return settled


def purchase(page):
    """Lines, trial, settlement by the number, undo."""
    row = rf"^\| (\d) \| ([^|]+) \| (\d+) × ([\d.]+) \| ({AMOUNT}) \|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|$"
    rows = re.findall(row, page, re.M)
    (start,) = found(rf"employee with ({AMOUNT}) in the personal account", page)
    same("before", balance(), fen(start))
    lines = []
    for serial, level, count, price, amount, *_ in rows:
        item(f"PAGE{serial}", level, "unrated")
        lines.append(line(serial, f"PAGE{serial}", count, price, fen(amount)))
    visit = done("PHARMACY", "settlement/register", bill("41"))["mdtrt_id"]
    # As a till sends them: one, and then all, of which the first is known.
    done("PHARMACY", "settlement/lines", {"mdtrt_id": visit, "feedetail": lines[:1]})
    sent = done("PHARMACY", "settlement/lines", {"mdtrt_id": visit, "feedetail": lines})
    tried = done("PHARMACY", "settlement/trial", bill("41", mdtrt_id=visit))
    same("nothing is moved by a trial", balance(), fen(start))
    names = ["fulamt_ownpay_amt", "overlmt_amt", "preselfpay_amt", "inscp_scp_amt"]
    for row_, split in zip(rows, tried["detlcutinfo"], strict=True):
        serial, *_, own, over, first, scope = row_
        for name, cell in zip(names, [own, over, first, scope]):
            same(f"line {serial} {name}", split[name], fen(cell))
    cells = found(rf"\| bill \| \| \| ({AMOUNT}) \| ({AMOUNT}) \| ({AMOUNT}) \| ({AMOUNT}) \| ({AMOUNT}) \|", page)
    pays = found(rf"`acct_pay` ({AMOUNT}), `psn_cash_pay` (\d+), `balc` ({AMOUNT})\. Its undo", page)
    of_bill = ["medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt"]
    figures = dict(zip(of_bill + ["acct_pay", "psn_cash_pay", "balc"], [fen(cell) for cell in cells + pays]))
    total = figures["medfee_sumamt"]
    status, wrong = ask("PHARMACY", "settlement/settle",
                        bill("41", mdtrt_id=visit, medins_setl_id="P0", medfee_sumamt=total + 1))
    same("another sum is refused", [status, wrong.get("code")], [409, "sum-differs"])
    settled = settle("PHARMACY", "41", visit, "P1", total)
    for name, figure in figures.items():
        for what, answer in [("lines", sent), ("trial", tried), ("settlement", settled)]:
            same(f"purchase {name} of the {what}", answer["setlinfo"][name], figure)
    same("the account after it", balance(), figures["balc"])
    undone = done("PHARMACY", "settlement/undo",
                  {"medins_setl_id": "P2", "setl_id": settled["setl_id"], "psn_no": PSN_NO})
    bill_, account, balc = found(rf"Its undo:\s+({AMOUNT}), `acct_pay` ({AMOUNT}), `balc` ({AMOUNT})", page)
    for name, cell in [("medfee_sumamt", bill_), ("acct_pay", account), ("balc", balc)]:
        same(f"undo {name}", undone["setlinfo"][name], fen(cell))
    same("the account after the undo", balance(), fen(start))
    shown = done("PHARMACY", "settlement/show", {"setl_id": settled["setl_id"]})
    same("each names the other", [shown["undone_by"], undone["undoes"]], [undone["setl_id"], settled["setl_id"]])


def stay(page):
    """A stay with its deductible, a second and a third, and all of them undone."""
    said = found(rf"same\s+person: 甲 ({AMOUNT}); 乙 (\d+ %) ({AMOUNT}); 甲 (\d+) × ({AMOUNT}) with a (limit of {AMOUNT}); 丙 ({AMOUNT})\.", page)
    first, share, second, count, price, limit, own = said
    lines = []
    for serial, level, count_, each in [
        (1, "甲", "1", first), (2, f"乙 {share}", "1", second), (3, f"甲 {limit}", count, price), (4, "丙", "1", own),
    ]:
        item(f"STAY{serial}", level, "two")
        lines.append(line(serial, f"STAY{serial}", count_, each.replace(",", ""), int(count_) * fen(each)))
    step = lambda words: [fen(cell) for cell in found(words.replace("#", f"({AMOUNT})"), page)]
    (total,) = step(r"\| bill \| # \|\n\| own")
    names = ["fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt"]
    figures = dict(zip(names, step(r"\| own #, over the limit #, first share #; in scope \| # \|")))
    figures["medfee_sumamt"] = total
    (figures["act_pay_dedc"],) = step(r"\| deductible of level 3 \| # \|")
    (figures["hifp_pay"],) = step(rf"\| pool: \d+ % of {AMOUNT} \| # \|")
    (figures["hifmi_pay"],) = step(rf"\| serious illness: [^|]* \| # \|")
    (figures["psn_part_amt"],) = step(rf"\| person: [^|]* \| # \|")
    pays = step(r"\| account, cash, balance \| #, #, # \|")
    figures.update(zip(["acct_pay", "psn_cash_pay", "balc"], pays))
    later = step(r"second stay of the year pays a deductible of # \(pool #\), further ones none \(#\)")
    expected = [
        figures,
        {"act_pay_dedc": later[0], "hifp_pay": later[1]},
        {"act_pay_dedc": 0, "hifp_pay": later[2]},
    ]
    start, settled = balance(), []
    for at, figures in enumerate(expected, 1):
        # In one step this time: registered with all its lines.
        prepared = done("HOSPITAL", "settlement/prepare", bill("21", feedetail=lines))
        answer = settle("HOSPITAL", "21", prepared["mdtrt_id"], f"S{at}", total)
        settled.append(answer["setl_id"])
        for name, figure in figures.items():
            for what, split in [("preparation", prepared), ("settlement", answer)]:
                same(f"stay {at} {name} of the {what}", split["setlinfo"][name], figure)
    for at, number in enumerate(settled, 1):
        done("HOSPITAL", "settlement/undo", {"medins_setl_id": f"U{at}", "setl_id": number, "psn_no": PSN_NO})
    same("the account after all undos", balance(), start)


def main():
    """Plays both."""
    with open(PAGE, encoding="utf-8") as file:
        page = section(file.read())
    purchase(page)
    stay(page)
    print(json.dumps({"compared": len(compared), "figures": compared}, ensure_ascii=False))


main()
