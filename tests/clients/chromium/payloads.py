"""Text that would run, break out or load something if a page did not write it as text (S-68).

`CORPUS` is put together from `payloads.txt`: ways out of a place (text, attribute, address, script,
comment) and things that run there.
"""

import itertools
import os

LONGEST_NAME = 250
LONGEST_MESSAGE = 500

def _parts():
    """The parts of the file, which tests without a browser read too."""
    file = os.path.join(os.path.dirname(os.path.abspath(__file__)), "payloads.txt")
    with open(file, encoding="utf-8") as text:
        _, *parts = text.read().strip().split("\n\n")
    return [part.split("\n") for part in parts]


RUNS, _WAYS, ALONE = _parts()
WAYS_OUT = ["", *_WAYS]
CORPUS = [way + run for way, run in itertools.product(WAYS_OUT, RUNS)] + ALONE


def names():
    """The whole corpus in as few names as their length allows."""
    return packed(CORPUS, LONGEST_NAME)


def messages():
    """What runs by itself, in messages of invitations."""
    return packed(RUNS, LONGEST_MESSAGE)


def packed(texts, longest):
    line = ""
    for text in texts:
        if line and len(line) + 1 + len(text) > longest:
            yield line
            line = ""
        line = f"{line} {text}".strip()
    yield line


def rename(*scripts):
    """Gives organizations, their people and their applications names that would run."""
    for number, script in enumerate(scripts):
        tenant = script.tenant
        path = f"/v1.0/organization/{tenant['id']}"
        script.call("PATCH", path, {"displayName": f"{tenant['displayName']} {RUNS[number]}"})
        for place, user in enumerate(tenant["users"]):
            body = {"displayName": f"{WAYS_OUT[place % 3 + 1]}{RUNS[place % 5]}"}
            script.call("PATCH", f"/v1.0/users/{user['id']}", body)
        for place, application in enumerate(tenant["applications"]):
            name = f"{WAYS_OUT[place % 3 + 1]}{RUNS[place + 5]}"
            own = f"/v1.0/applications/{application['id']}"
            script.call("PATCH", own, {"displayName": name})
            rename_application(script, application, name)


def rename_application(script, application, name):
    """The name that the organization knows it by, which is what its pages show."""
    known = f"/v1.0/servicePrincipals(appId='{application['appId']}')"
    script.call("PATCH", known, {"displayName": name})
