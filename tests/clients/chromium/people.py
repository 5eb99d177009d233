"""People who answer the product's pages, and the scripts of administrators."""

import json
import ssl
import urllib.error
import urllib.parse
import urllib.request

from world import one_time_code

MOST_PAGES = 25
POLICY = "/v1.0/policies/crossTenantAccessPolicy"


def walk(page, person, until=None, each=None):
    """Answers the pages of sign-in as this person until one asks nothing, or this kind of thing.
    `each` is called at every page."""
    for _ in range(MOST_PAGES):
        kind = kind_of(page)
        if each:
            each()
        if kind == until:
            return
        if kind == "consent":
            page.press("consent-accept")
        elif kind == "code":
            page.press("submit", code=one_time_code(person["totpSecret"]))
        elif kind == "password":
            page.press("submit", password=person["password"])
        elif kind == "username":
            page.press("submit", username=person["userPrincipalName"])
        elif kind == "notice":
            page.press("submit")
    raise AssertionError(f"too many pages; {page.describe()}")


def kind_of(page):
    """What a page of sign-in asks, or nothing."""
    return page.evaluate(
        """(() => {
            const has = id => document.getElementById(id) !== null;
            if (has('error-code')) return null;
            if (has('consent-accept')) return 'consent';
            if (has('new-password')) return 'replacement';
            for (const id of ['code', 'password', 'username']) if (has(id)) return id;
            return location.pathname.startsWith('/signin/') && has('submit')
                && location.hostname.startsWith('login.') ? 'notice' : null;
        })()"""
    )


class Script:
    """An organization's Graph, called by its automation, or by whoever the grant is of."""

    def __init__(self, world, domain, grant=None):
        self.cloud, self.tenant = world.tenant(domain)
        self.context = ssl.create_default_context(cafile=world.ca_file)
        own = self.tenant["automation"]
        form = grant or {
            "grant_type": "client_credentials",
            "client_id": own["clientId"],
            "client_secret": own["clientSecret"],
        }
        form["scope"] = f"{self.cloud['graph']}/.default"
        data = urllib.parse.urlencode(form).encode()
        address = f"{self.cloud['login']}/{self.tenant['id']}/oauth2/v2.0/token"
        self.token = self._send(urllib.request.Request(address, data))["access_token"]

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        address = self.cloud["graph"] + path
        return self._send(urllib.request.Request(address, data, headers, method=method))

    def _send(self, request):
        try:
            with urllib.request.urlopen(request, context=self.context, timeout=30) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{request.full_url}: {error.code} {error.read()}") from error
        return json.loads(text) if text else None


def pair(one, other):
    """Each ticks the other's cloud and adds the other."""
    for here, there in ((one, other), (other, one)):
        tick = {"allowedCloudEndpoints": [there.cloud["canonicalName"]]}
        here.call("PATCH", POLICY, tick)
        here.call("POST", f"{POLICY}/partners", {"tenantId": there.tenant["id"]})


def invite(script, address, message=None):
    """An invitation by mail; gives what Graph says of it."""
    my_apps = f"{script.cloud['myapps']}/?tenantid={script.tenant['id']}"
    body = {
        "invitedUserEmailAddress": address,
        "inviteRedirectUrl": my_apps,
        "sendInvitationMessage": True,
        "invitedUserMessageInfo": {"customizedMessageBody": message or "Please join."},
    }
    return script.call("POST", "/v1.0/invitations", body)
