"""What only a real browser can say of the pages (security bars O-16, V-10, V-67, V-68, S-68).

One dev world; Contoso in the commercial cloud, Northwind in another, nora a guest of Contoso. The
names that people and organizations give themselves are payloads from the start, so every page is
drawn with them.
"""

import os
import unittest
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import payloads
from chromium import Chromium, pin_of
from party import Party
from people import POLICY, Script, invite, kind_of, pair, walk
from world import World, map_names, run

CONTOSO, NORTHWIND = "contoso.com", "northwind.us"
NORA, NILS, ALEX = "nora@northwind.us", "nils@northwind.us", "alex@contoso.com"
BO, INVITER = "bo@contoso.com", "inviter@contoso.com"
SECOND_FACTOR = {
    "displayName": "Everybody proves a second factor",
    "state": "enabled",
    "conditions": {
        "users": {"includeUsers": ["All"]},
        "applications": {"includeApplications": ["All"]},
    },
    "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
}
CLOSED = {
    "usersAndGroups": {
        "accessType": "blocked",
        "targets": [{"target": "AllUsers", "targetType": "user"}],
    },
    "applications": {
        "accessType": "blocked",
        "targets": [{"target": "AllApplications", "targetType": "application"}],
    },
}

rig = None


class Rig:
    """The world, the browser, an application and a stranger."""

    def __init__(self):
        self.world = World(os.environ["COMITY"], os.environ["COMITY_WORK"])
        self.pages = []
        self.party, self.stranger = Party("localhost"), Party("127.0.0.1")
        self.browser = None
        self.contoso = Script(self.world, CONTOSO)
        self.northwind = Script(self.world, NORTHWIND)
        logins = [cloud["login"] for cloud in self.world.manifest["clouds"]]
        applications = [a["redirectUris"][0] for a in self.contoso.tenant["applications"]]
        pins = [pin_of(address, self.world.ca_file) for address in logins + applications]
        self.browser = Chromium(os.environ["CHROMIUM"], pins)
        pair(self.contoso, self.northwind)
        payloads.rename(self.contoso, self.northwind)
        self.redeem()

    def stop(self):
        if self.browser:
            self.browser.stop()
        self.party.stop()
        self.stranger.stop()
        self.world.stop()

    def person(self):
        page = self.browser.person()
        self.pages.append(page)
        return page

    def redeem(self):
        """Contoso invites Northwind's people, who open their links and accept."""
        inviter = self.as_person(CONTOSO, INVITER)
        for name, message in zip((NORA, NILS), payloads.messages()):
            made = invite(inviter, name, message)
            # Who is signed in at home already is asked there before anything goes to Contoso.
            page = self.person() if name == NORA else self.signed_in(self.northwind, name)
            page.open(made["inviteRedeemUrl"])
            walk(page, self.world.person(name))
            if "myapps." not in page.url():
                raise AssertionError(page.describe())

    def my_apps(self, script):
        return f"{script.cloud['myapps']}/?tenantid={script.tenant['id']}"

    def signed_in(self, script, name):
        """A browser in which this person has opened My Apps."""
        page = self.person()
        page.open(self.my_apps(script))
        walk(page, self.world.person(name))
        return page

    def as_person(self, domain, name):
        """Graph, called for a person who signed in through the pages."""
        cloud, tenant = self.world.tenant(domain)
        address, _, verifier = self.party.request(
            cloud["login"], tenant["id"], scope=f"{cloud['graph']}/.default"
        )
        page = self.person()
        page.open(address)
        walk(page, self.world.person(name))
        got, _ = self.party.posted.pop()
        return Script(self.world, domain, self.party.grant(got["code"], verifier))


class TheStory(unittest.TestCase):
    """Every page that the story leads through, drawn by Chromium (V-10, S-68)."""

    def test_nothing_is_refused_by_the_policy_of_a_page_and_no_payload_runs(self):
        self.open_application()
        self.look_for_an_organization()
        self.read_mail()
        self.prove_a_second_factor()
        self.replace_a_password()
        self.be_refused()
        self.sign_out()
        titles = {title for page in rig.pages for title in page.titles}
        for wanted in PAGES:
            self.assertTrue(any(t.startswith(wanted) for t in titles), f"{wanted}: {titles}")
        for page in rig.pages:
            self.assertEqual(page.reports, [], page.seen)
            self.assertEqual(page.dialogs, [], page.seen)

    def open_application(self):
        """From My Apps of a guest to the application, which says who came."""
        page = rig.signed_in(rig.contoso, NORA)
        page.evaluate("window.left = true")
        page.evaluate("document.querySelector('ul.apps a').click()")
        page.arrive()
        walk(page, rig.world.person(NORA))
        self.assertTrue(page.has("signed-in-as"), page.describe())

    def look_for_an_organization(self):
        page = rig.person()
        page.open(rig.contoso.cloud["myapps"])
        page.press("sign-in-options")
        page.press("submit", organization="nobody.example")
        self.assertTrue(page.has("error-message"), page.describe())
        page.press("submit", organization=CONTOSO)
        self.assertTrue(page.has("username"), page.describe())

    def read_mail(self):
        page = rig.person()
        page.open(f"{rig.contoso.cloud['portal']}/dev/mail")
        letters = page.evaluate("[...document.querySelectorAll('main a')].map(a => a.href)")
        self.assertTrue(letters)
        for letter in letters:
            page.open(letter)
            self.assertIn("invites you", page.text())
            page.open(f"{letter}/html")

    def prove_a_second_factor(self):
        policies = "/v1.0/identity/conditionalAccess/policies"
        made = rig.northwind.call("POST", policies, SECOND_FACTOR)
        page = rig.person()
        page.open(rig.my_apps(rig.northwind))
        walk(page, rig.world.person(NORA), until="code")
        page.press("submit", code="000000")
        self.assertTrue(page.has("error-message"))
        page = rig.person()
        page.open(rig.my_apps(rig.northwind))
        walk(page, rig.world.person(NILS), until="code")
        self.assertTrue(page.has("totp-secret"), page.describe())
        page.press("submit", code="000000")
        rig.northwind.call("DELETE", f"{policies}/{made['id']}")

    def replace_a_password(self):
        bo = rig.world.person(BO)
        profile = {"password": bo["password"], "forceChangePasswordNextSignIn": True}
        rig.contoso.call("PATCH", f"/v1.0/users/{bo['id']}", {"passwordProfile": profile})
        page = rig.person()
        page.open(rig.my_apps(rig.contoso))
        walk(page, bo, until="replacement")
        page.press("submit", **{"new-password": "too short"})
        self.assertTrue(page.has("error-message"), page.describe())
        page.press("submit", **{"new-password": "a sentence that only bo knows"})
        self.assertIn("myapps.", page.url(), page.describe())

    def be_refused(self):
        here, there = rig.contoso, rig.northwind
        blocked = [
            (here, there, "Inbound", "AADSTS500213", "did not let you in"),
            (there, here, "Outbound", "AADSTS500212", "does not let you go on"),
        ]
        for one, other, way, code, words in blocked:
            path = f"{POLICY}/partners/{other.tenant['id']}"
            one.call("PATCH", path, {f"b2bCollaboration{way}": CLOSED})
            page = rig.signed_in(rig.contoso, NORA)
            self.assertEqual(page.text("error-code"), code, page.describe())
            self.assertIn(words, page.text(), "the journey shows where it ended")
            one.call("PATCH", path, {f"b2bCollaboration{way}": None})
        for host in ("login", "myapps", "portal"):
            page = rig.person()
            page.open(f"{here.cloud[host]}/no/such/page")
            self.assertEqual(page.text("error-code"), "not_found", page.describe())

    def sign_out(self):
        page = rig.signed_in(rig.contoso, ALEX)
        address, _, _ = rig.party.request(
            rig.contoso.cloud["login"], "common", prompt="select_account"
        )
        page.open(address)
        self.assertTrue(page.has("account-list"), page.describe())
        page.press("use-another-account")
        page.open(f"{rig.contoso.cloud['login']}/common/oauth2/v2.0/authorize?client_id=x")
        self.assertTrue(page.has("error-code"))
        page.open(rig.my_apps(rig.contoso))
        page.evaluate("window.left = true")
        page.evaluate("document.querySelector('button[form=sign-out]').click()")
        page.arrive()
        self.assertTrue(page.title().startswith("Sign out"), page.describe())
        page.press("submit")
        self.assertTrue(page.has("logged-out"), page.describe())

    def test_every_payload_as_the_name_of_an_application(self):
        """Drawn on the page that asks for a name, one name after the other."""
        cloud, tenant = rig.contoso.cloud, rig.contoso.tenant
        application = tenant["applications"][0]
        address, _, _ = rig.party.request(
            cloud["login"],
            tenant["id"],
            client_id=application["appId"],
            redirect_uri=application["redirectUris"][0],
        )
        page = rig.person()
        for text in payloads.names():
            payloads.rename_application(rig.contoso, application, text)
            page.open(address)
            self.assertEqual(kind_of(page), "username", page.describe())
            self.assertIn(" ".join(text.split())[:20], page.text())
        self.assertEqual((page.reports, page.dialogs), ([], []))

    def test_every_payload_in_the_answer_that_a_sign_in_comes_back_with(self):
        """At an application, at My Apps and at the leg between clouds."""
        cloud = rig.contoso.cloud
        back = [
            rig.contoso.tenant["applications"][0]["redirectUris"][0],
            f"{cloud['myapps']}/callback",
            f"{cloud['login']}/federation/callback",
        ]
        page = rig.person()
        for text in payloads.names():
            said = urlencode({"error": text, "error_description": text, "state": text})
            for address in back:
                page.open(f"{address}?{said}")
                self.assertNotEqual(page.text(), "", page.describe())
        self.assertEqual((page.reports, page.dialogs), ([], []))

    def test_a_report_and_a_dialog_would_have_been_seen(self):
        page = rig.browser.person()
        page.open(rig.my_apps(rig.contoso))
        page.evaluate(
            "document.head.append(Object.assign(document.createElement('style'),"
            " {textContent: 'body { color: red }'}))"
        )
        page.evaluate("setTimeout(() => alert(1))")
        page.rest(0.5)
        self.assertEqual([r["violatedDirective"] for r in page.reports], ["style-src-elem"])
        self.assertEqual(len(page.dialogs), 1)


# How the titles of the pages begin that the story must have shown.
PAGES = [
    "Choose a new password",
    "Choose an account",
    "Enter code",
    "Enter password",
    "Error: Choose a new password",
    "Error: Enter code",
    "Error: Set up a second factor",
    "Error: Sign-in options",
    "Go on to Contoso",
    "Mail",
    "My Apps",
    "No such page",
    "Review permissions",
    "Set up a second factor",
    "Sign in",
    "Sign out",
    "Sign-in options",
    "You are signed out",
    "You will sign in at Northwind",
]


# What Chromium shows in place of a page that it refused.
NOTHING = "chrome-error://chromewebdata/"


class Frames(unittest.TestCase):
    """No page can be framed by another site (O-16)."""

    def framed(self, url):
        """What a frame of the stranger shows that should show this address, and what was reported."""
        page = rig.browser.person()
        page.open(f"{rig.stranger.origin}/?url={quote(url, safe='')}")
        page.rest(0.2)
        return page.frame().evaluate("location.href"), [r["violatedDirective"] for r in page.reports]

    def test_no_page_is_shown_in_a_frame_of_another_site(self):
        cloud, tenant = rig.contoso.cloud, rig.contoso.tenant
        asking, _, _ = rig.party.request(cloud["login"], tenant["id"])
        addresses = [
            asking,
            f"{cloud['login']}/sign-out",
            f"{cloud['login']}/signed-out",
            f"{cloud['login']}/signin/1",
            f"{cloud['login']}/set-password",
            f"{cloud['login']}/no/such/page",
            f"{cloud['myapps']}/{tenant['id']}",
            f"{cloud['portal']}/dev/mail",
        ]
        for address in addresses:
            shown = self.framed(address)
            self.assertEqual(shown, (NOTHING, ["frame-ancestors"]), address)

    def test_a_page_that_allows_it_is_shown(self):
        address = f"{rig.party.origin}/plain"
        self.assertEqual(self.framed(address), (address, []))


class FormPost(unittest.TestCase):
    """Answers by form, under the browser's own rules for cookies and forms (V-67, V-68)."""

    def begin(self, name=NORA):
        cloud, tenant = rig.contoso.cloud, rig.contoso.tenant
        scope = f"openid {cloud['graph']}/.default"
        address, state, verifier = rig.party.request(cloud["login"], tenant["id"], scope=scope)
        page = rig.browser.person()
        page.open(f"{rig.party.origin}/begin")
        rig.party.posted.clear()
        page.open(address)
        return page, rig.world.person(name), state, verifier

    def test_v67_a_crossing_comes_back_by_form_with_cookies_of_any_age(self):
        page, nora, state, verifier = self.begin()
        jar = {}

        def each():
            for cookie in page.cookies():
                jar[(cookie["domain"], cookie["name"])] = cookie

        walk(page, nora, each=each)
        self.assertTrue(page.has("received"), page.describe())
        ((got, headers),) = rig.party.posted
        self.assertEqual(got["state"], state)
        self.assertIn("/v2.0", got["iss"])
        # The post comes from another site, and no exception for young cookies is made.
        self.assertEqual(headers["Cookie"], "none=1")
        ours = {key: cookie for key, cookie in jar.items() if key[0].startswith("login.")}
        self.assertEqual({domain for domain, _ in ours}, {hosts("global"), hosts("usgov")})
        self.assertTrue(any(name.startswith("__Host-signin-") for _, name in ours))
        for key, cookie in ours.items():
            self.assertTrue(key[1].startswith("__Host-"), key)
            self.assertTrue(cookie["secure"] and cookie["httpOnly"], key)
            expected = "None" if key[1] == "__Host-session" else "Lax"
            self.assertEqual(cookie.get("sameSite"), expected, key)
        me = Script(rig.world, CONTOSO, rig.party.grant(got["code"], verifier))
        self.assertIn("#EXT#", me.call("GET", "/v1.0/me")["userPrincipalName"])

    def test_v68_the_answer_goes_to_the_client_and_nowhere_else(self):
        page, alex, state, _ = self.begin(ALEX)
        walk(page, alex, until="password")
        page.type(password=alex["password"])
        # Without script the page stays, and has a button.
        page.call("Emulation.setScriptExecutionDisabled", value=True)
        page.click("submit")
        page.until("document.querySelector('script[src*=\"form-post\"]') !== null", "the page")
        self.assert_blocked(page, rig.stranger)
        page.evaluate(f"document.forms[0].action = '{rig.party.origin}'")
        page.click("submit")
        page.until("document.getElementById('received') !== null", "the answer")
        ((got, _),) = rig.party.posted
        self.assertEqual(got["state"], state)

    def test_v68_a_page_that_asks_for_a_password_sends_it_to_ourselves_only(self):
        page, alex, _, _ = self.begin(ALEX)
        walk(page, alex, until="password")
        page.type(password="not-the-password")
        self.assert_blocked(page, rig.stranger)

    def assert_blocked(self, page, stranger):
        stranger.posted.clear()
        before = page.url()
        page.reports.clear()
        page.evaluate(f"document.forms[0].action = '{stranger.origin}'")
        page.click("submit")
        page.rest(0.5)
        self.assertEqual(stranger.posted, [])
        self.assertEqual(page.url(), before)
        self.assertEqual({r["violatedDirective"] for r in page.reports}, {"form-action"})


class Afterwards(unittest.TestCase):
    """What all that left behind in the log and in addresses (S-42)."""

    def test_no_secret_is_in_the_log_and_what_is_kept_secret_is_in_no_address(self):
        kept, sent = kept_secrets(), sent_secrets()
        self.assertGreater(len(kept), 20)
        self.assertGreater(len(sent), 50)
        with open(rig.world.log, encoding="utf-8") as file:
            log = file.read()
        for route in ("/signin/{n}/password", "/federation/callback", "/redeem", "/dev/mail/{name}"):
            self.assertIn(f'route="{route}"', log)
        self.assertEqual([name for name, value in kept + sent if value in log], [])
        addresses = "\n".join(unquote(a) for page in rig.browser.pages.values() for a in page.addresses)
        self.assertIn("/federation/callback?code=", addresses)
        self.assertEqual([name for name, value in kept if value in addresses], [])


def kept_secrets():
    """What never leaves the browser or the server but in a form or a header."""
    found = []
    for cloud in rig.world.manifest["clouds"]:
        for tenant in cloud["tenants"]:
            for user in tenant["users"]:
                found.append((f"password of {user['userPrincipalName']}", user["password"]))
                found.append((f"factor of {user['userPrincipalName']}", user["totpSecret"]))
            for script in [*tenant["applications"], tenant["automation"]]:
                found.append(("client secret", script["clientSecret"]))
    for page in rig.browser.pages.values():
        found.extend((cookie["name"], cookie["value"]) for cookie in page.cookies())
    return [(name, value) for name, value in found if value and len(value) > 4]


def sent_secrets():
    """What goes through an address or a form once, by the name of its parameter."""
    pairs = [pair for got, _ in rig.party.posted for pair in got.items()]
    for page in rig.browser.pages.values():
        for address in page.addresses:
            pairs.extend(parse_qsl(urlsplit(address).query))
    return [(name, value) for name, value in pairs if name in SENT]


SENT = {"code", "state", "nonce", "ticket", "link", "request_uri", "id_token_hint", "login_hint"}


def hosts(key):
    return f"login.{key}.localhost"


def main():
    global rig
    map_names()
    rig = Rig()
    run((TheStory, Frames, FormPost, Afterwards), rig.stop)


if __name__ == "__main__":
    main()
