"""Leads Chromium through the card centre's page, by ChromeDriver's own protocol. What it saw goes to standard output as JSON.

Not here: what must be seen, which the test says.
"""

import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request

url, token, lang, folder = sys.argv[1:]
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"

driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
for line in driver.stdout:
    started = re.search(r"successfully on port (\d+)", line)
    if started:
        break
base = f"http://127.0.0.1:{started.group(1)}/session"


def call(method, path, body=None):
    """One command; its value."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(base + path, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)["value"]


def go(path):
    call("POST", f"/{session}/url", {"url": url + path})


def title():
    return call("GET", f"/{session}/title")


def find(css):
    return call("POST", f"/{session}/element", {"using": "css selector", "value": css})[ELEMENT]


def write(css, text):
    call("POST", f"/{session}/element/{find(css)}/value", {"text": text})


def script(text):
    return call("POST", f"/{session}/execute/sync", {"script": text, "args": []})


def click(css):
    """Clicks on what leads to another page, and waits for it: a form is sent some time after the click has returned."""
    script("window.before = true")
    call("POST", f"/{session}/element/{find(css)}/click", {})
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if script("return !window.before && document.readyState == 'complete'"):
                return
        except urllib.error.HTTPError:
            pass  # There is no page between two pages.
    raise TimeoutError(f"{css}: no other page within a minute")


def attribute(css, name):
    return call("GET", f"/{session}/element/{find(css)}/attribute/{name}")


options = {
    "binary": "/usr/bin/chromium",
    "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={folder}/chromium-{lang}"],
    "prefs": {"intl.accept_languages": lang},
}
wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
session = None
try:
    session = call("POST", "", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
    seen = {"titles": []}
    go("/")
    seen["titles"].append(title())
    seen["lang"] = attribute("html", "lang")
    write("#token", token)
    click("main button")
    seen["titles"].append(title())
    links = call("POST", f"/{session}/elements", {"using": "css selector", "value": "nav a"})
    paths = [call("GET", f"/{session}/element/{link[ELEMENT]}/attribute/href") for link in links]
    for path in paths:
        call("POST", f"/{session}/url", {"url": url + path if path.startswith("/") else path})
        seen["titles"].append(title())
        if path.endswith("/figures"):
            seen["plots"] = script("return [...document.querySelectorAll('h2')].map(head => [head.textContent, head.nextElementSibling.querySelectorAll('svg rect').length])")
    go("/page/act/operator.add")
    for name, text in [("id", f"browser-{lang.lower()}"), ("outlet", "32010201"), ("name", "李")]:
        write(f"#{name}", text)
    # By its value, since its text is in the page's language.
    call("POST", f"/{session}/element/{find('#role option[value=clerk]')}/click", {})
    click("main form button")
    seen["done"] = call("GET", f"/{session}/element/{find('main')}/text")
    click("header > a")
    seen["other"] = attribute("html", "lang")
    click("header > a")
    click("header form button")
    seen["after_sign_out"] = title()
    complaints = call("POST", f"/{session}/se/log", {"type": "browser"})
    seen["console"] = [line["message"] for line in complaints if "favicon" not in line["message"]]
    print(json.dumps(seen, ensure_ascii=False))
finally:
    if session:
        call("DELETE", f"/{session}")
    driver.terminate()
    driver.wait(30)
