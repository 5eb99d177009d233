"""A browser without script: cookies, redirects, links and forms of people's pages.

It knows the stable ids of the pages and nothing else of the product. Certificates are checked
against the CA file of the dev world.
"""

import re
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests

from world import one_time_code

MOST_PAGES = 25


class Page(HTMLParser):
    """The elements with an id or a name, and the form around each of them."""

    def __init__(self, response):
        super().__init__()
        self.url, self.status = response.url, response.status_code
        self.forms, self.nodes, self.texts = [], {}, {}
        self._form, self._open = None, []
        self.feed(response.text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self._form = {"action": attributes.get("action", ""), "fields": []}
            self.forms.append(self._form)
        node = {"tag": tag, "form": self._form, **attributes}
        if tag == "input" and self._form is not None:
            self._form["fields"].append(node)
        if "id" in attributes:
            self.nodes[attributes["id"]] = node
        if tag not in ("input", "meta", "link", "img", "br", "path", "circle", "use"):
            self._open.append((tag, attributes.get("id")))

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        # Not what was never opened: an element without content, as drawings have them.
        if any(name == tag for name, _ in self._open):
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data):
        for _, name in self._open:
            if name:
                self.texts[name] = self.texts.get(name, "") + data

    def has(self, name):
        return name in self.nodes

    def text(self, name):
        return re.sub(r"\s+", " ", self.texts.get(name, "")).strip()

    def describe(self):
        return f"{self.status} {self.url}: {self.text('error-code')} {self.text('main')[:300]}"


class Away(Exception):
    """The browser was sent to the client's own redirect URI."""

    def __init__(self, url):
        super().__init__(url)
        self.url = url


class Browser:
    """`redirect` is where a client listens; going there ends the navigation."""

    def __init__(self, ca_file, redirect=None):
        self.session = requests.Session()
        self.session.verify = ca_file
        self.redirect = redirect
        self.page = None

    def open(self, url, form=None, origin=None):
        headers = {"Origin": origin, "Sec-Fetch-Site": "same-origin"} if origin else {}
        method = "POST" if form is not None else "GET"
        for _ in range(30):
            answer = self.session.request(
                method, url, data=form, headers=headers, allow_redirects=False, timeout=30
            )
            if answer.status_code not in (301, 302, 303):
                self.page = Page(answer)
                return self.page
            url = urljoin(url, answer.headers["location"])
            method, form, headers = "GET", None, {}
            if self.redirect and url.startswith(self.redirect):
                raise Away(url)
        raise AssertionError(f"too many redirects, the last to {url}")

    def press(self, name, **typed):
        """Presses a button or link by its id, with what was typed into the form's fields."""
        node = self.page.nodes[name]
        if node["tag"] == "a":
            return self.open(urljoin(self.page.url, node["href"]))
        form = node["form"]
        fields = {
            field["name"]: field.get("value", "")
            for field in form["fields"]
            if "name" in field and field.get("type") not in ("checkbox", "radio", "submit")
        }
        fields.update(typed)
        if node.get("name"):
            fields[node["name"]] = node.get("value", "")
        parts = urlsplit(self.page.url)
        action = urljoin(self.page.url, form["action"])
        return self.open(action, fields, f"{parts.scheme}://{parts.netloc}")

    def walk(self, person):
        """Answers the pages as this person until one asks nothing. Gives the kinds of pages."""
        seen = []
        for _ in range(MOST_PAGES):
            kind = self._kind()
            if kind is None:
                return seen
            seen.append(kind)
            if kind == "consent":
                self.press("consent-accept")
            elif kind == "code":
                self.press("submit", code=one_time_code(person["totpSecret"]))
            elif kind == "password":
                self.press("submit", password=person["password"])
            elif kind == "username":
                self.press("submit", username=person["userPrincipalName"])
            else:
                self.press("submit")
        raise AssertionError(f"too many pages: {seen}")

    def _kind(self):
        page = self.page
        if page.has("error-code"):
            return None
        if page.has("consent-accept"):
            return "consent"
        for name in ("code", "password", "username"):
            if page.has(name):
                return name
        login = urlsplit(page.url).netloc.startswith("login.")
        return "notice" if login and page.has("submit") else None
