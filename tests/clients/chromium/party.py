"""Another site: an application of the test's own, and what a stranger could build."""

import base64
import hashlib
import html
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

# The product's command line client: public, and at home on any port of this machine.
CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"


class Party:
    """A site at `http://{host}:{port}`: keeps what is posted to it, and frames what it is told."""

    def __init__(self, host):
        self.posted = []
        party = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                query = dict(parse_qsl(urlsplit(self.path).query))
                self.answer(framing(query["url"]) if "url" in query else "<p>here</p>")

            def do_POST(self):
                length = int(self.headers.get("Content-Length", 0))
                fields = parse_qs(self.rfile.read(length).decode())
                got = {name: values[0] for name, values in fields.items()}
                party.posted.append((got, dict(self.headers)))
                self.answer("<p id='received'>received</p>")

            def answer(self, body):
                page = f"<!doctype html><meta charset='utf-8'><title>Party</title>{body}".encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(page)))
                # How old an application's own cookies may be says `STRICT_COOKIES`.
                self.send_header("Set-Cookie", "unsaid=1; Path=/")
                self.send_header("Set-Cookie", "lax=1; Path=/; SameSite=Lax")
                self.send_header("Set-Cookie", "none=1; Path=/; SameSite=None; Secure")
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://{host}:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def request(self, login, tenant, **more):
        """The address that begins a sign-in, and what is needed to use its code."""
        verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(verifier.encode()).digest()
        asked = {
            "client_id": CLI,
            "response_type": "code",
            "response_mode": "form_post",
            "redirect_uri": self.origin,
            "scope": "openid profile",
            "state": secrets.token_urlsafe(16),
            "nonce": secrets.token_urlsafe(16),
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
            **more,
        }
        address = f"{login}/{tenant}/oauth2/v2.0/authorize?{urlencode(asked)}"
        return address, asked["state"], verifier

    def grant(self, code, verifier):
        """The form that redeems a code."""
        return {
            "grant_type": "authorization_code",
            "client_id": CLI,
            "redirect_uri": self.origin,
            "code": code,
            "code_verifier": verifier,
        }


def framing(url):
    return f"<iframe src='{html.escape(url, quote=True)}' width='800' height='600'></iframe>"
