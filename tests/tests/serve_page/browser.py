"""Leads Chromium to pages of a hospital that read a card through `qiyong serve-page`. Everything is at 127.0.0.1: Chromium is told
which names lead there, and which ports count as the internet and which as an intranet. What was seen goes to standard output as
JSON: first the ports of the pages, then, once the service's ports came on standard input, what each page showed.

Not here: what must be seen, which the test says.
"""

import http.server
import json
import pathlib
import re
import ssl
import subprocess
import sys
import threading
import urllib.error
import urllib.request

folder, files, spki = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
# How long a page may take; a fetch of its own is bounded by `qiyong.js`.
PATIENCE = 60
# Pages whose browser lets them reach this computer, and one whose user has forbidden it.
ALLOWED, FORBIDDEN = ["his", "outer", "asked", "evil"], ["never"]


class Pages(http.server.BaseHTTPRequestHandler):
    """The hospital's server: the sample page and its snippet, and pages with it in a frame."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path, _, query = self.path.partition("?")
        headers, name = {}, path.strip("/")
        if name in ("sample.html", "qiyong.js"):
            body = (files / name).read_bytes()
        elif name == "strict.html":
            body = (files / "sample.html").read_bytes()
            headers["Content-Security-Policy"] = "connect-src 'self'"
        elif name in ("frame", "frame-allowed"):
            allow = ' allow="loopback-network"' if name == "frame-allowed" else ""
            body = f'<!doctype html><iframe src="https://his.example:{ports["https"]}/sample.html?{query}"{allow}></iframe>'.encode()
        else:
            body = b"<!doctype html><title>empty</title>"
        self.send_response(200)
        headers |= {"Content-Type": "text/javascript" if name.endswith(".js") else "text/html; charset=utf-8", "Content-Length": str(len(body))}
        for header in headers.items():
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def pages(secure):
    """Such a server; its port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    if secure:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


class Browser:
    """Chromium, by ChromeDriver's protocol."""

    def __init__(self, options):
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
        started = next(filter(None, (re.search(r"successfully on port (\d+)", line) for line in self.driver.stdout)))
        self.base = f"http://127.0.0.1:{started[1]}/session"
        wanted = {"browserName": "chrome", "goog:chromeOptions": options}
        self.base += "/" + self.command("", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
        self.command("/timeouts", {"script": 1000 * PATIENCE})

    def command(self, path, body):
        request = urllib.request.Request(self.base + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=2 * PATIENCE) as response:
            return json.load(response)["value"]

    def run(self, script, *arguments):
        """The value of an asynchronous function of the page."""
        text = f"const done = arguments[arguments.length - 1]; (async (...arguments) => {{ {script} }})(...arguments).then(done, (error) => done('' + error));"
        return self.command("/execute/async", {"script": text, "args": arguments})

    def end(self):
        try:
            urllib.request.urlopen(urllib.request.Request(self.base, method="DELETE"), timeout=PATIENCE).close()
        except OSError:
            pass
        self.driver.terminate()
        self.driver.wait(PATIENCE)


# Presses the button of the sample page, and waits for what comes of it.
READ = """
const body = document.body;
const outcome = new Promise((done) => new MutationObserver(() => done(body.dataset.outcome)).observe(body, { attributes: true }));
document.getElementById('read').click();
const text = (id) => document.getElementById(id).textContent;
return { outcome: await outcome, name: text('name'), number: text('number'), why: text('why'), html: document.documentElement.outerHTML };
"""

# What a page can get that the service does not know, by every way that a page has.
TAKE = """
const [port] = arguments, got = {};
const to = (url, options) => fetch(url, options).then((answer) => answer.text(), (error) => error.name);
const base = 'http://127.0.0.1:' + port.v1, body = JSON.stringify({ function: 'iReadCardBas', iType: 3 });
got.health = await to(base + '/health');
got.call = await to(base + '/v1/call', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
got.plain = await to(base + '/v1/call', { method: 'POST', body });
got.blind = await to(base + '/v1/call', { method: 'POST', mode: 'no-cors', body });
got.entry = await to('http://127.0.0.1:' + port['http-8321'] + '/readcard/entry?param=sicard');
got.image = await new Promise((done) => {
  const image = new Image();
  image.onload = () => done('loaded'); image.onerror = () => done('error');
  image.src = 'http://127.0.0.1:' + port['http-8321'] + '/readcard/entry?param=sicard';
});
for (const [name, path] of [['v1', '/v1/socket'], ['ws-12342', '/'], ['ws-1919', '/']]) {
  got[name] = await new Promise((done) => {
    const socket = new WebSocket('ws://127.0.0.1:' + port[name] + path);
    socket.onopen = () => done('open'); socket.onclose = (event) => done('closed ' + event.code);
  });
}
return got;
"""

# The protocols that pages in use speak.
OTHERS = """
const [port] = arguments, got = {};
const ask = async (name, message, path = '/') => {
  const socket = await Qiyong.socket(port[name], { path });
  return await new Promise((done) => { socket.onmessage = (event) => { done(JSON.parse(event.data)); socket.close(); }; socket.send(message); });
};
got.named = await ask('ws-12342', '{"function":"iReadCardBas","iType":3}');
got.typed = await ask('ws-1919', '{"type":4}');
got.own = await ask('v1', '{"id":1,"function":"iReadCardBas","iType":3,"masked":true}', '/v1/socket');
await Qiyong.ready(port['http-8321']);
got.entry = await (await fetch('http://localhost:' + port['http-8321'] + '/readcard/entry?param=sicard')).json();
return got;
"""

ports = {"https": pages(True), "http": pages(False), "intranet-https": pages(True), "intranet-http": pages(False)}
print(json.dumps(ports), flush=True)
service = json.loads(sys.stdin.readline())

setting = {f"https://{name}.example:{ports['https']},*": {"setting": 1 if name in ALLOWED else 2} for name in ALLOWED + FORBIDDEN}
spaces = [f"127.0.0.1:{port}={'local' if name.startswith('intranet') else 'public'}" for name, port in ports.items()]
browser = Browser({
    "binary": "/usr/bin/chromium",
    "args": [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={folder}/chromium",
        "--host-resolver-rules=MAP *.example 127.0.0.1", f"--ip-address-space-overrides={','.join(spaces)}",
        f"--ignore-certificate-errors-spki-list={spki}",
    ],
    # As a user's answers are kept.
    "prefs": {"profile": {"content_settings": {"exceptions": {"loopback_network": setting}}}},
})


def go(name, at="https", path="sample.html", port=service["v1"]):
    scheme = "https" if at.endswith("https") else "http"
    browser.command("/url", {"url": f"{scheme}://{name}.example:{ports[at]}/{path}?port={port}"})


def own():
    """The sample page of the service itself."""
    browser.command("/url", {"url": f"http://127.0.0.1:{service['v1']}/v1/sample.html"})
    return browser.run(READ)


def read(*where, in_frame=False, **more):
    go(*where, **more)
    if in_frame:
        frame = browser.command("/element", {"using": "css selector", "value": "iframe"})
        browser.command("/frame", {"id": frame})
    return browser.run(READ)


try:
    seen = {
        "https, allowed": read("his"),
        "others": browser.run(OTHERS, service),
        "https, not asked": read("new"),
        "https, forbidden": read("never"),
        "http": read("his", "http"),
        "frame": read("outer", path="frame", in_frame=True),
        "frame, allowed": read("outer", path="frame-allowed", in_frame=True),
        "intranet, https": read("his", "intranet-https"),
        "intranet, http": read("his", "intranet-http"),
        "strict page": read("his", path="strict.html"),
        "no service": read("his", port=service["nobody"]),
        "no service, intranet": read("his", "intranet-https", port=service["nobody"]),
        "no service, intranet, http": read("his", "intranet-http", port=service["nobody"]),
        "consent": read("asked"),
        "own": own(),
        "foreign": read("evil"),
        "taken": browser.run(TAKE, service),
        "foreign, intranet": read("evil", "intranet-http"),
        "taken, intranet": browser.run(TAKE, service),
    }
    print(json.dumps(seen, ensure_ascii=False))
finally:
    browser.end()
