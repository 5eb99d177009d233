"""Text that would run, break out or load something if a page did not write it as text (S-68).

`CORPUS` is put together from ways out of a place (text, attribute, address, script, comment) and
things that run there.
"""

import itertools

LONGEST_NAME = 250
LONGEST_MESSAGE = 500

RUNS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg/onload=alert`1`>",
    "<body onload=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<details open ontoggle=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<video><source onerror=alert(1)>",
    "<audio src=x onerror=alert(1)>",
    "<object data=javascript:alert(1)>",
    "<embed src=javascript:alert(1)>",
    "<math><mtext><style><img src=x onerror=alert(1)>",
    "<a href=javascript:alert(1) id=x>x</a>",
    "<form action=javascript:alert(1)><button>x</button></form>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example/x.css'</style>",
    "<marquee onstart=alert(1)>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
]
WAYS_OUT = [
    "",
    "\">",
    "'>",
    "\" autofocus onfocus=alert(1) x=\"",
    "' onmouseover=alert(1) '",
    "-->",
    "]]>",
    "</title>",
    "</textarea>",
    "</style>",
    "</script>",
    "javascript:alert(1)//",
]
ALONE = [
    "{{constructor.constructor('alert(1)')()}}",
    "${alert(1)}",
    "<%= alert(1) %>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "';alert(1);//",
    "\";alert(1);//",
    "`;alert(1);//",
    "data:text/html,<script>alert(1)</script>",
]
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
