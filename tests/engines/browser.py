# A headless Chromium (packages chromium, chromium-driver and python3-selenium) that writes down what it asks for and
# what its console says.
import base64
import contextlib
import json
import pathlib
import tempfile

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

DRIVER, BROWSER = "/usr/bin/chromedriver", "/usr/bin/chromium"
DESKTOP, PHONE = (1280, 900), (390, 844)


@contextlib.contextmanager
def chromium(size=DESKTOP, script=True):
    """A browser window of this size; it knows no name but the loopback addresses. → selenium's driver"""
    with tempfile.TemporaryDirectory(prefix="dsb-", dir="/var/tmp") as profile:
        options = Options()
        options.binary_location = BROWSER
        # No sandbox, since the tests run as root; what it opens is the agent's page alone.
        for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run",
                     "--disable-background-networking", "--disable-component-update", "--disable-sync",
                     "--hide-scrollbars", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", f"--user-data-dir={profile}"):
            options.add_argument(word)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        if not script:
            options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
        log = str(pathlib.Path(profile, "driver.log"))
        driver = webdriver.Chrome(service=Service(DRIVER, log_path=log), options=options)
        try:
            # A window has a least width; a phone's is emulated.
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                   {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == PHONE})
            yield driver
        finally:
            driver.quit()


def colours(driver, scheme):
    """"light" or "dark", as the reader's system would say."""
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia",
                           {"features": [{"name": "prefers-color-scheme", "value": scheme}]})


def asked_for(driver):
    """Every address that pages asked for since the last call, Chromium's own empty tab aside, whatever became of it."""
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    sent = [one["params"] for one in events if one["method"] == "Network.requestWillBeSent"]
    return [one["request"]["url"] for one in sent if not one["documentURL"].startswith("chrome://")]


def console(driver):
    """What the console says since the last call: errors, warnings, breaches of the security policy."""
    return [entry["message"] for entry in driver.get_log("browser")]


def picture(driver, path, whole=False):
    """A screenshot; `whole`: the page to its end, not the window alone."""
    shot = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": whole})
    pathlib.Path(path).write_bytes(base64.b64decode(shot["data"]))
