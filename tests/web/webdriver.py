# SPDX-License-Identifier: Apache-2.0
"""A browser that a program drives: as much of WebDriver as the tests need, over chromedriver."""

import base64
import contextlib
import http.client
import json
import re
import subprocess
import time

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # what the protocol calls a reference to one
PATIENCE_SECONDS = 120
ENTER, ESCAPE, SHIFT, BACKSPACE = "\ue007", "\ue00c", "\ue008", "\ue003"
UP, DOWN, RIGHT, PAGE_DOWN = "\ue013", "\ue015", "\ue014", "\ue00f"


class Failed(Exception):
    """The browser could not do it."""


class Browser:
    def __init__(self, port):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        options = {"args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                            "--no-proxy-server", "--window-size=1280,900", "--hide-scrollbars"]}
        self._path = ""
        answer = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}})
        self._path = "/session/" + answer["sessionId"]

    def call(self, method, path, body=None):
        text = None if body is None else json.dumps(body)
        self._connection.request(method, self._path + path, text, {"Content-Type": "application/json"})
        value = json.loads(self._connection.getresponse().read())["value"]
        if isinstance(value, dict) and "error" in value:
            raise Failed(f"{method} {path}: {value['error']}: {value['message'].splitlines()[0]}")
        return value

    def go(self, url):
        """Load url, even if it differs from what is shown only behind the #."""
        self.call("POST", "/url", {"url": "about:blank"})
        self.call("POST", "/url", {"url": url})

    def find(self, css):
        return self.call("POST", "/element", {"using": "css selector", "value": css})[ELEMENT]

    def click(self, css):
        self.call("POST", f"/element/{self.find(css)}/click", {})

    def type(self, css, text):
        self.call("POST", f"/element/{self.find(css)}/value", {"text": text})

    def press(self, keys):
        """Keys to whatever has the focus."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def run(self, script, *args):
        return self.call("POST", "/execute/sync", {"script": script, "args": args})

    def wait(self, script, *args):
        """Until the script gives something true, which is returned."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not (value := self.run(script, *args)):
            if time.monotonic() > end:
                raise Failed(f"never came: {script} {args}")
            time.sleep(0.02)
        return value

    def devtools(self, command, **params):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    def screen(self, width, height, phone=False, dark=False):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height,
                      deviceScaleFactor=2 if phone else 1, mobile=phone)
        self.devtools("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("GET", "/screenshot")))

    def complaints(self):
        """What the browser has logged of faults since the last call."""
        return [entry["message"] for entry in self.call("POST", "/se/log", {"type": "browser"})
                if entry["level"] == "SEVERE"]


@contextlib.contextmanager
def browser():
    with subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True) as driver:
        opened = None
        try:
            port = next((found[1] for found in (re.search(r"successfully on port (\d+)", line) for line in driver.stdout)
                         if found), None)
            if port is None:
                raise Failed("chromedriver doesn't start")
            opened = Browser(int(port))
            yield opened
        finally:
            if opened:
                opened.call("DELETE", "")
            driver.terminate()
