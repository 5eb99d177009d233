"""A real browser, driven over the DevTools protocol.

One Chromium without a window; each person has a profile of its own in it. It keeps its own rules for
cookies, forms and frames, and says here what it refused: reports of the content security policy,
dialogs that a page opened, what it wrote to the console.

Certificates: the keys of the dev world's hosts are pinned after they were checked against its
authority, so nothing is installed and no other certificate error is passed over.
"""

import base64
import hashlib
import json
import os
import shutil
import ssl
import subprocess
import tempfile
import time
from urllib.parse import urlsplit

from websockets.sync.client import connect

PATIENCE = 20
# Without its exception for young cookies that do not say `SameSite` (two minutes with a POST from
# elsewhere): all cookies are as old as they can get.
STRICT_COOKIES = "SameSiteDefaultChecksMethodRigorously"


class Chromium:
    """The program. `pins` are hashes of public keys that it is to trust."""

    def __init__(self, program, pins):
        self.folder = tempfile.mkdtemp()
        self.process = subprocess.Popen(
            [
                program,
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                f"--enable-features={STRICT_COOKIES}",
                f"--ignore-certificate-errors-spki-list={','.join(pins)}",
                f"--user-data-dir={self.folder}",
                "--remote-debugging-port=0",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.socket = connect(self._address(), max_size=None, open_timeout=PATIENCE)
        self.number, self.answers, self.pages = 0, {}, {}

    def _address(self):
        file = os.path.join(self.folder, "DevToolsActivePort")
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            if os.path.exists(file):
                with open(file, encoding="utf-8") as lines:
                    found = lines.read().split()
                if len(found) == 2:
                    return f"ws://127.0.0.1:{found[0]}{found[1]}"
            time.sleep(0.05)
        raise AssertionError("Chromium did not start")

    def stop(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait(PATIENCE)
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, method, session=None, **parameters):
        """Asks and waits for the answer; events that come meanwhile go to their pages."""
        self.number += 1
        number = self.number
        message = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        self.socket.send(json.dumps(message))
        end = time.monotonic() + PATIENCE
        while number not in self.answers:
            self.pump(end - time.monotonic())
        answer = self.answers.pop(number)
        if "error" in answer:
            raise Refused(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def pump(self, seconds):
        """Takes one message, or raises `TimeoutError`."""
        message = json.loads(self.socket.recv(timeout=max(seconds, 0)))
        if "id" in message:
            self.answers[message["id"]] = message
        elif message.get("sessionId") in self.pages:
            self.pages[message["sessionId"]].hear(message["method"], message["params"])

    def person(self):
        """A page in a profile of its own."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        return Page(self, context)


class Refused(Exception):
    """The browser did not do what it was asked."""


class Page:
    """A tab, and what was heard from it."""

    def __init__(self, browser, context, target=None):
        self.browser, self.context = browser, context
        self.reports, self.dialogs, self.console = [], [], []
        self.seen, self.titles, self.addresses = [], [], []
        target = target or browser.call(
            "Target.createTarget", url="about:blank", browserContextId=context
        )["targetId"]
        self.session = browser.call(
            "Target.attachToTarget", targetId=target, flatten=True
        )["sessionId"]
        browser.pages[self.session] = self
        for domain in ("Page", "Runtime", "Network", "Audits", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def hear(self, method, said):
        if method == "Audits.issueAdded":
            issue = said["issue"]
            if issue["code"] == "ContentSecurityPolicyIssue":
                self.reports.append(issue["details"]["contentSecurityPolicyIssueDetails"])
        elif method == "Network.requestWillBeSent":
            self.addresses.append(said["request"]["url"])
        elif method == "Page.javascriptDialogOpening":
            self.dialogs.append(said)
            # Without waiting: the answer is of no interest.
            self.browser.socket.send(
                json.dumps(
                    {
                        "id": 0,
                        "sessionId": self.session,
                        "method": "Page.handleJavaScriptDialog",
                        "params": {"accept": False},
                    }
                )
            )
        elif method == "Log.entryAdded":
            self.console.append(said["entry"])

    def frame(self):
        """The one frame of another site in this page."""
        found = self.browser.call("Target.getTargets", filter=[{"type": "iframe"}])["targetInfos"]
        (target,) = [t["targetId"] for t in found if t["browserContextId"] == self.context]
        return Page(self.browser, self.context, target)

    def evaluate(self, script):
        """The value of an expression in the page."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in answer:
            raise Refused(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def _look(self, script):
        """The same, or nothing while the page is changing."""
        try:
            return self.evaluate(script)
        except Refused:
            return None

    def until(self, script, what, seconds=PATIENCE):
        """Waits until an expression in the page is true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self._look(script):
                return
            self.rest(0.02)
        raise AssertionError(f"{what} did not happen; {self.describe()}")

    def rest(self, seconds):
        """Listens for a while."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                self.browser.pump(left)
            except TimeoutError:
                return

    def open(self, url):
        self.call("Runtime.evaluate", expression="window.left = true")
        self.call("Page.navigate", url=url)
        self.arrive()

    def arrive(self):
        """Waits for the next page that stays: not one that goes on by itself."""
        self.until(
            "!window.left && document.readyState === 'complete' && document.body !== null"
            " && document.title !== 'One moment' && !document.querySelector('script[src*=\"form-post\"]')",
            "the next page",
        )
        self.seen.append(self.where())
        self.titles.append(self.title())

    def press(self, name, **typed):
        """Types into fields and presses what has this id; the next page is there afterwards."""
        self.type(**typed)
        self.evaluate("window.left = true")
        self.click(name)
        self.arrive()

    def click(self, name):
        self.evaluate(f"document.getElementById({json.dumps(name)}).click()")

    def type(self, **typed):
        for name, value in typed.items():
            self.evaluate(
                f"document.getElementById({json.dumps(name)}).value = {json.dumps(value)}"
            )

    def has(self, name):
        return bool(self.evaluate(f"document.getElementById({json.dumps(name)}) !== null"))

    def text(self, name="main"):
        found = self._look(f"document.getElementById({json.dumps(name)})?.textContent ?? ''")
        return " ".join((found or "").split())

    def url(self):
        return self._look("location.href") or ""

    def title(self):
        return self._look("document.title") or ""

    def where(self):
        """Host, path and title, without what is secret."""
        parts = urlsplit(self.url())
        return f"{parts.hostname}{parts.path} ({self.title()})"

    def describe(self):
        body = self._look("document.body?.innerText") or ""
        return f"at {self.url()}: {' '.join(body.split())[:400]}"

    def cookies(self):
        """All cookies of this profile."""
        found = self.browser.call("Storage.getCookies", browserContextId=self.context)
        return found["cookies"]

    def picture(self, file, width=1280, dark=False):
        """The whole page as an image."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=800,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.rest(0.2)
        image = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        with open(file, "wb") as target:
            target.write(base64.b64decode(image["data"]))


def pin_of(origin, ca_file):
    """The hash of the public key that a host shows, after its certificate was checked."""
    parts = urlsplit(origin)
    pem = ssl.get_server_certificate((parts.hostname, parts.port), ca_certs=ca_file)
    return key_hash(ssl.PEM_cert_to_DER_cert(pem))


def key_hash(certificate):
    """The SHA-256 of SubjectPublicKeyInfo, the seventh field of a certificate (RFC 5280 §4.1)."""
    _, signed_and_signature = next(_elements(certificate))
    _, signed = next(_elements(signed_and_signature))
    key = [whole for whole, _ in _elements(signed)][6]
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


def _elements(data):
    """The DER elements in a row: each whole, and its content."""
    at = 0
    while at < len(data):
        length, head = data[at + 1], 2
        if length & 0x80:
            count = length & 0x7F
            length = int.from_bytes(data[at + 2 : at + 2 + count], "big")
            head += count
        end = at + head + length
        yield data[at:end], data[at + head : end]
        at = end
