"""For every suite: a `comity dev` of its own, what its manifest says, one-time codes, and the end."""

import base64
import hmac
import json
import os
import socket
import struct
import subprocess
import threading
import time
import unittest

START_SECONDS = 60


class World:
    """The dev world on a free port, with its data in a folder of the test."""

    def __init__(self, program, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.data = os.path.join(folder, "world")
        command = [program, "dev", "--data", self.data, "--port", str(port)]
        self.log = os.path.join(folder, "log")
        log = open(self.log, "w", encoding="utf-8")
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, text=True
        )
        log.close()
        self._wait()
        with open(os.path.join(self.data, "world.json"), encoding="utf-8") as file:
            self.manifest = json.load(file)
        self.ca_file = self.manifest["caFile"]

    def _wait(self):
        timer = threading.Timer(START_SECONDS, self.process.kill)
        timer.start()
        for line in self.process.stdout:
            if line.strip() == "ready":
                timer.cancel()
                return
        timer.cancel()
        with open(self.log, encoding="utf-8") as file:
            raise AssertionError(f"`comity dev` ended before it was ready: {file.read()}")

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.process.stdout.close()

    def cloud(self, key):
        return next(c for c in self.manifest["clouds"] if c["key"] == key)

    def tenant(self, domain):
        for cloud in self.manifest["clouds"]:
            for tenant in cloud["tenants"]:
                if domain in tenant["domains"]:
                    return cloud, tenant
        raise KeyError(domain)

    def person(self, name):
        _, tenant = self.tenant(name.split("@")[1])
        return next(u for u in tenant["users"] if u["userPrincipalName"] == name)


def map_names():
    """Maps `*.localhost` to loopback in this process, where a hosts file cannot do it."""
    original = socket.getaddrinfo

    def mapped(host, *rest, **named):
        if isinstance(host, str) and host.endswith(".localhost"):
            host = "127.0.0.1"
        return original(host, *rest, **named)

    socket.getaddrinfo = mapped


def one_time_code(secret, at=None):
    """RFC 6238 with 30 seconds and 6 digits."""
    step = int((at or time.time()) // 30)
    padded = secret + "=" * (-len(secret) % 8)
    key = base64.b32decode(padded.upper())
    digest = hmac.digest(key, struct.pack(">Q", step), "sha1")
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1000000:06d}"


def run(cases, stop):
    """Runs the tests of these classes, stops what they used, and ends with the line that is read."""
    load = unittest.defaultTestLoader.loadTestsFromTestCase
    try:
        tests = unittest.TestSuite(load(case) for case in cases)
        result = unittest.TextTestRunner(verbosity=2).run(tests)
    finally:
        stop()
    failed = len({id(test) for test, _ in result.failures + result.errors})
    passed = max(result.testsRun - failed, 0)
    word = "ok" if result.wasSuccessful() else "FAILED"
    print(f"test result: {word}. {passed} passed; {failed} failed; {len(result.skipped)} skipped")
    raise SystemExit(0 if result.wasSuccessful() else 1)
