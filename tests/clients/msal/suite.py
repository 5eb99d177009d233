"""msal for Python signs a guest in across two clouds, through the pages, and calls Graph.

The client is as it comes from the package index: instance discovery, tenant discovery, PKCE, its own
checks of state and nonce, its cache and its refresh. It is told three things: the authority, where
instance discovery is answered, and which authority signed the certificates.
"""

import os
import time
import unittest
import uuid
from urllib.parse import parse_qs, urlsplit

import msal
import requests

from browser import Away, Browser
from world import World, map_names, run

CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
REDIRECT = "http://localhost:8400"
POLICY = "/v1.0/policies/crossTenantAccessPolicy"
NORA = "nora@northwind.us"
LEASE_SECONDS = 60

world = None


def client(domain, client_id=CLI):
    """An msal client for an organization by its domain."""
    cloud, _ = world.tenant(domain)
    return msal.PublicClientApplication(
        client_id,
        authority=authority(domain),
        instance_discovery=f"{cloud['login']}/common/discovery/instance",
        verify=world.ca_file,
    )


def authority(domain):
    cloud, _ = world.tenant(domain)
    return f"{cloud['login']}/{domain}"


def silently(app):
    """A new token for the one account of a client, or the error, both from the token endpoint.

    After a refused refresh msal looks for other names of the authority at a host that is fixed in
    its source, unless it is told that the authority is known; so it is told.
    """
    known = msal.PublicClientApplication(
        CLI,
        authority=authority("contoso.com"),
        instance_discovery=False,
        verify=world.ca_file,
        token_cache=app.token_cache,
    )
    account = known.get_accounts()[0]
    wanted = scopes("contoso.com")
    return known.acquire_token_silent_with_error(wanted, account=account, force_refresh=True)


def scopes(domain):
    cloud, _ = world.tenant(domain)
    return [f"{cloud['graph']}/.default"]


def begin(app, domain, **more):
    return app.initiate_auth_code_flow(scopes(domain), redirect_uri=REDIRECT, **more)


def answer_of(browser, flow, person):
    """Goes from the flow's address through the pages; gives what came to the redirect URI."""
    try:
        browser.open(flow["auth_uri"])
        browser.walk(person)
    except Away as away:
        return {name: values[0] for name, values in parse_qs(urlsplit(away.url).query).items()}
    raise AssertionError(browser.page.describe())


def sign_in(domain, name):
    """A person's tokens at an organization, and the client that keeps them."""
    app = client(domain)
    flow = begin(app, domain, login_hint=name)
    browser = Browser(world.ca_file, REDIRECT)
    answer = answer_of(browser, flow, world.person(name))
    result = app.acquire_token_by_auth_code_flow(flow, answer)
    if "access_token" not in result:
        raise AssertionError(result)
    return app, result


def graph(domain, token, method, path, body=None):
    cloud, _ = world.tenant(domain)
    return requests.request(
        method,
        cloud["graph"] + path,
        json=body,
        headers={"Authorization": f"Bearer {token}"},
        verify=world.ca_file,
        timeout=30,
    )


def expect(answer, status):
    if answer.status_code != status:
        raise AssertionError(f"{answer.status_code} {answer.text}")
    return answer.json() if answer.content else None


def pair(domain, other, admin):
    """Ticks the other's cloud and adds the other, as this administrator."""
    cloud, tenant = world.tenant(other)
    _, result = sign_in(domain, admin)
    token = result["access_token"]
    tick = {"allowedCloudEndpoints": [cloud["canonicalName"]]}
    expect(graph(domain, token, "PATCH", POLICY, tick), 204)
    added = {"tenantId": tenant["id"]}
    expect(graph(domain, token, "POST", f"{POLICY}/partners", added), 201)


def redeem():
    """Invites nora, who opens the link and accepts."""
    _, result = sign_in("contoso.com", "inviter@contoso.com")
    cloud, tenant = world.tenant("contoso.com")
    body = {
        "invitedUserEmailAddress": NORA,
        "inviteRedirectUrl": f"{cloud['myapps']}/?tenantid={tenant['id']}",
    }
    made = graph("contoso.com", result["access_token"], "POST", "/v1.0/invitations", body)
    invitation = expect(made, 201)
    browser = Browser(world.ca_file)
    browser.open(invitation["inviteRedeemUrl"])
    browser.walk(world.person(NORA))
    if not urlsplit(browser.page.url).netloc.startswith("myapps."):
        raise AssertionError(browser.page.describe())
    return invitation["invitedUser"]["id"]


class AcrossClouds(unittest.TestCase):
    """Contoso in the commercial cloud, Northwind in another; nora is a guest of Contoso."""

    @classmethod
    def setUpClass(cls):
        pair("contoso.com", "northwind.us", "secadmin@contoso.com")
        pair("northwind.us", "contoso.com", "secadmin@northwind.us")
        cls.guest = redeem()

    def test_a_guest_signs_in_through_the_pages_and_is_who_graph_says(self):
        app, result = sign_in("contoso.com", NORA)
        me = expect(graph("contoso.com", result["access_token"], "GET", "/v1.0/me"), 200)
        self.assertEqual(me["id"], self.guest)
        self.assertIn("#EXT#", me["userPrincipalName"])
        claims = result["id_token_claims"]
        _, contoso = world.tenant("contoso.com")
        _, northwind = world.tenant("northwind.us")
        self.assertEqual((claims["oid"], claims["tid"]), (self.guest, contoso["id"]))
        self.assertIn(northwind["id"], claims["idp"], "home is named")
        self.assertEqual(len(app.get_accounts()), 1)

    def test_the_client_goes_on_silently_with_a_new_token_each_time(self):
        app, result = sign_in("contoso.com", NORA)
        account = app.get_accounts()[0]
        tokens = {result["access_token"]}
        for _ in range(2):
            again = app.acquire_token_silent(
                scopes("contoso.com"), account=account, force_refresh=True
            )
            self.assertIn("access_token", again or {}, again)
            tokens.add(again["access_token"])
            me = expect(graph("contoso.com", again["access_token"], "GET", "/v1.0/me"), 200)
            self.assertEqual(me["id"], self.guest)
        self.assertEqual(len(tokens), 3)

    def test_a_person_signs_in_at_home_as_well_and_is_somebody_else_there(self):
        _, result = sign_in("northwind.us", NORA)
        me = expect(graph("northwind.us", result["access_token"], "GET", "/v1.0/me"), 200)
        self.assertEqual(me["id"], world.person(NORA)["id"])
        self.assertNotEqual(me["id"], self.guest)
        foreign = graph("contoso.com", result["access_token"], "GET", "/v1.0/me")
        self.assertEqual(foreign.status_code, 401, "home's token is nobody's at Contoso")

    def test_an_address_that_is_not_registered_gets_no_answer(self):
        app = client("contoso.com")
        flow = app.initiate_auth_code_flow(
            scopes("contoso.com"), redirect_uri="https://evil.example/cb"
        )
        browser = Browser(world.ca_file, "https://evil.example")
        page = browser.open(flow["auth_uri"])
        self.assertEqual((page.status, page.text("error-code")), (400, "AADSTS50011"))

    def test_a_code_is_of_no_use_to_another_client(self):
        flow = begin(client("contoso.com"), "contoso.com")
        answer = answer_of(Browser(world.ca_file, REDIRECT), flow, world.person(NORA))
        thief = client("contoso.com")
        stolen = begin(thief, "contoso.com")
        taken = thief.acquire_token_by_auth_code_flow(stolen, {**answer, "state": stolen["state"]})
        self.assertEqual(taken.get("error"), "invalid_grant", taken)

    def test_a_code_works_once_and_its_second_use_ends_what_came_of_it(self):
        app = client("contoso.com")
        flow = begin(app, "contoso.com")
        answer = answer_of(Browser(world.ca_file, REDIRECT), flow, world.person(NORA))
        self.assertIn("access_token", app.acquire_token_by_auth_code_flow(flow, answer))
        again = app.acquire_token_by_auth_code_flow(flow, answer)
        self.assertEqual(again.get("error"), "invalid_grant", again)
        self.assertEqual(silently(app).get("error"), "invalid_grant")

    def test_home_says_no_and_the_client_reads_why(self):
        app, _ = sign_in("contoso.com", NORA)
        path = f"{POLICY}/partners/{world.tenant('contoso.com')[1]['id']}"
        _, admin = sign_in("northwind.us", "secadmin@northwind.us")
        token = admin["access_token"]
        everybody = {"target": "AllUsers", "targetType": "user"}
        everything = {"target": "AllApplications", "targetType": "application"}
        closed = {
            "usersAndGroups": {"accessType": "blocked", "targets": [everybody]},
            "applications": {"accessType": "blocked", "targets": [everything]},
        }
        shut = {"b2bCollaborationOutbound": closed}
        expect(graph("northwind.us", token, "PATCH", path, shut), 204)
        try:
            browser = Browser(world.ca_file, REDIRECT)
            flow = begin(client("contoso.com"), "contoso.com", login_hint=NORA)
            browser.open(flow["auth_uri"])
            browser.walk(world.person(NORA))
            page = browser.page
            self.assertEqual(page.text("error-code"), "AADSTS500212", page.describe())
            self.assertIn("Northwind", page.text("main"))
            uuid.UUID(page.text("correlation-id"))
            # What home said last counts for a minute, no longer.
            end = time.monotonic() + LEASE_SECONDS + 15
            refused = silently(app)
            while "error" not in refused and time.monotonic() < end:
                time.sleep(3)
                refused = silently(app)
            self.assertEqual(refused.get("error"), "invalid_grant", refused.keys())
            self.assertIn("AADSTS500212", refused["error_description"])
        finally:
            opened = {"b2bCollaborationOutbound": None}
            expect(graph("northwind.us", token, "PATCH", path, opened), 204)

    def test_an_authority_that_the_cloud_does_not_know_is_refused_by_discovery(self):
        login = world.cloud("global")["login"]
        with self.assertRaises(ValueError) as refused:
            msal.PublicClientApplication(
                CLI,
                authority="https://login.evil.example/contoso.com",
                instance_discovery=f"{login}/common/discovery/instance",
                verify=world.ca_file,
            )
        self.assertIn("invalid_instance", str(refused.exception))

    def test_certificates_are_checked(self):
        login = world.cloud("global")["login"]
        with self.assertRaises(requests.exceptions.SSLError):
            msal.PublicClientApplication(
                CLI, authority=f"{login}/contoso.com", instance_discovery=False, verify=True
            )


def main():
    global world
    # They would take the place of what the client is told.
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        os.environ.pop(name, None)
    if os.environ.get("COMITY_MAP_NAMES"):
        map_names()
    world = World(os.environ["COMITY"], os.environ["COMITY_WORK"])
    run([AcrossClouds], world.stop)


if __name__ == "__main__":
    main()
