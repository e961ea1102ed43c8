# The agent's page in a real browser: a real Chromium opens the page of a real agent on a real Docker. It sorts and
# filters with a script and without one, says nothing on the console, and asks nobody but the agent.
import json
import pathlib
import re
import sys
import tempfile
import threading
import time
import unittest

from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

import browser
import shop
import sweeping
from docksweep import agent, inside

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bench"))
import replay  # noqa: E402

SECONDS = 20
MANY_IMAGES = 10_000


def rows(driver):
    """[[text of each cell]] of the table of images."""
    return driver.execute_script("return [...document.querySelectorAll('#images-table tbody tr')]"
                                 ".map(row => [...row.children].map(cell => cell.innerText))") or []


def names(driver):
    """The first name of each row; for a browser that runs no script, too."""
    return [row.text.split("\n")[0] for row in driver.find_elements(By.CSS_SELECTOR, "#images-table tbody th")]


def until(driver, holds, what):
    changing = [StaleElementReferenceException, NoSuchElementException]  # the table is being replaced right now
    WebDriverWait(driver, SECONDS, 0.05, ignored_exceptions=changing).until(lambda _: holds(), what)


def sort_by(driver, column):
    """Follows the link at the head of a column and waits until the table says so. → "ascending" or "descending" """
    before = driver.find_element(By.ID, f"sort-{column}").find_element(By.XPATH, "..").get_attribute("aria-sort")
    driver.find_element(By.ID, f"sort-{column}").click()

    def now():
        head = driver.find_element(By.ID, f"sort-{column}").find_element(By.XPATH, "..")
        return head.get_attribute("aria-sort")
    until(driver, lambda: now() not in (None, before), f"sorted by {column}")
    return now()


class page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = cls.enterClassContext(shop.engine())
        shop.fill(cls.engine)
        cls.agent = cls.enterClassContext(shop.watching(cls.engine))
        shop.sweep_once(cls.engine, cls.agent)
        shop.wait_until_measured(cls.agent)
        cls.address = f"http://127.0.0.1:{cls.agent.port}/"

    def browser(self, **more):
        driver = self.enterContext(browser.chromium(**more))
        driver.get(self.address)
        return driver

    def check_quiet(self, driver):
        """No word on the console, and no request to anywhere else."""
        self.assertEqual(browser.console(driver), [])
        asked = browser.asked_for(driver)
        self.assertTrue(asked)
        self.assertEqual([url for url in asked if not url.startswith((self.address, "data:"))], [])

    def listed(self):
        """{first name: size} of the engine's images."""
        found = {}
        for item in self.engine.get("/images/json", all="true"):
            found[min(item["RepoTags"], default="untagged") if item["RepoTags"] else "untagged"] = item["Size"]
        return found

    def test_the_table_has_each_image_by_size(self):
        driver = self.browser()
        listed = self.listed()
        self.assertEqual(sorted(names(driver)), sorted(listed))
        sizes = [listed[name] for name in names(driver)]
        self.assertEqual(sizes, sorted(sizes, reverse=True))
        self.check_quiet(driver)

    def test_sorts_by_each_column_without_loading_the_page_anew(self):
        driver = self.browser()
        driver.execute_script("window.sameDocument = true")
        self.assertEqual(sort_by(driver, "name"), "ascending")
        self.assertEqual(names(driver), sorted(names(driver)))
        self.assertEqual(sort_by(driver, "name"), "descending")
        self.assertEqual(names(driver), sorted(names(driver), reverse=True))
        self.assertEqual(sort_by(driver, "verdict"), "ascending")
        going = ["would go" in cells[5] for cells in rows(driver)]
        self.assertEqual(going, sorted(going, reverse=True))
        self.assertIn(True, going)
        self.assertIn(False, going)
        for column in ("state", "alone", "used", "size"):
            sort_by(driver, column)
        self.assertEqual(len(driver.find_elements(By.CSS_SELECTOR, "th[aria-sort]")), 1)
        self.assertTrue(driver.execute_script("return window.sameDocument === true"))
        self.assertIn("#" not in driver.current_url and "/", driver.current_url)
        self.check_quiet(driver)

    def test_filters_while_one_types(self):
        driver = self.browser()
        field = driver.find_element(By.NAME, "filter")
        field.send_keys("SHOP/API")
        # Who stops for a moment in the middle of a word gets what that much of it finds, which here are the same rows.
        until(driver, lambda: "filter=SHOP%2FAPI" in driver.current_url and len(names(driver)) == 5, "five releases")
        self.assertTrue(all("shop/api" in name for name in names(driver)))
        self.assertIn("5 of 12 images", driver.find_element(By.ID, "images-count").text)
        self.assertEqual(driver.switch_to.active_element, field, "who types goes on typing")
        Select(driver.find_element(By.NAME, "state")).select_by_visible_text("in use")
        until(driver, lambda: names(driver) == [f"{shop.REGISTRY}/api:1.5"], "the one that runs")
        self.assertEqual(sort_by(driver, "name"), "ascending")
        self.assertEqual(names(driver), [f"{shop.REGISTRY}/api:1.5"], "sorting keeps the filter")
        driver.refresh()
        self.assertEqual(names(driver), [f"{shop.REGISTRY}/api:1.5"], "what is shown has an address")
        self.check_quiet(driver)

    def test_a_click_right_after_typing_keeps_both(self):
        driver = self.browser()
        driver.find_element(By.NAME, "filter").send_keys("web")
        driver.execute_script("document.getElementById('sort-name').click()")  # in one step: the link may be replaced soon
        until(driver, lambda: names(driver) == [f"{shop.REGISTRY}/web:2.{number}" for number in (1, 2, 3)], "both")
        time.sleep(0.5)  # nothing that was still under way undoes it
        self.assertEqual(names(driver), [f"{shop.REGISTRY}/web:2.{number}" for number in (1, 2, 3)])
        self.check_quiet(driver)

    def test_a_slow_click_after_typing_counts(self):
        """The mouse takes the focus from the field when it is pressed: nothing replaces the link before it is let go."""
        driver = self.browser()
        driver.find_element(By.NAME, "filter").send_keys("web")
        until(driver, lambda: "filter=web" in driver.current_url and len(names(driver)) == 3, "three releases")
        ActionChains(driver).click_and_hold(driver.find_element(By.ID, "sort-name")).pause(0.5).release().perform()
        until(driver, lambda: driver.find_element(By.CSS_SELECTOR, "th[aria-sort] a").get_attribute("id") == "sort-name",
              "its order")
        self.assertEqual(len(names(driver)), 3)
        self.check_quiet(driver)

    def test_sorts_and_filters_without_a_script(self):
        driver = self.browser(script=False)
        self.assertEqual(sort_by(driver, "name"), "ascending")
        self.assertEqual(names(driver), sorted(self.listed()))
        self.assertEqual(driver.current_url, f"{self.address}?sort=name#images")
        driver.find_element(By.NAME, "filter").send_keys("web")
        driver.find_element(By.CSS_SELECTOR, "#images-form button").click()
        until(driver, lambda: "filter=web" in driver.current_url, "the filtered page")
        self.assertEqual(names(driver), [f"{shop.REGISTRY}/web:2.{number}" for number in (1, 2, 3)])
        self.check_quiet(driver)

    def test_works_by_keyboard_alone(self):
        driver = self.browser()
        for _ in range(30):
            driver.switch_to.active_element.send_keys(Keys.TAB)
            if driver.switch_to.active_element.get_attribute("id") == "sort-name":
                break
        self.assertEqual(driver.switch_to.active_element.get_attribute("id"), "sort-name")
        driver.switch_to.active_element.send_keys(Keys.ENTER)
        until(driver, lambda: names(driver) == sorted(names(driver)), "sorted by name")
        self.assertEqual(driver.switch_to.active_element.get_attribute("id"), "sort-name", "the focus stays")
        outline = driver.execute_script("return getComputedStyle(document.activeElement).outlineStyle")
        self.assertEqual(outline, "solid", "and is seen")
        self.check_quiet(driver)

    def test_tells_a_screen_reader_what_things_are(self):
        driver = self.browser()
        tree = driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        told = [(one["role"]["value"], one.get("name", {}).get("value", "")) for one in tree if not one.get("ignored")]
        self.assertIn(("table", "Images, with the verdict of policy pressure"), told)
        self.assertIn(("searchbox", "Filter"), told)
        for heading in ("What fills the disk", "Images", "What policies would do now", "What sweeps did"):
            self.assertIn(("heading", heading), told)
        named = ("link", "button", "combobox", "image")
        self.assertEqual([role for role, name in told if role in named and not name], [])
        self.assertEqual(len([role for role, _ in told if role == "rowheader"]), len(self.listed()))

    def test_shows_plan_and_history(self):
        driver = self.browser()
        plan = self.agent.cli_json("plan", "pressure")
        steps = driver.find_elements(By.CSS_SELECTOR, "details.plan:first-of-type tbody tr")
        self.assertEqual(len(steps), len(plan["steps"]) + 1)
        self.assertEqual(steps[plan["goal_step"]].text, "The goal is reached here.")
        sweep = self.agent.cli_json("history")["sweeps"][0]
        told = driver.find_element(By.CSS_SELECTOR, ".history summary").text
        self.assertIn("nightly", told)
        self.assertIn(f"{sweep['removed']} removed", told)
        driver.find_element(By.CSS_SELECTOR, ".history summary").click()
        self.assertIn("migration", driver.find_element(By.CSS_SELECTOR, ".history").text)

    def test_without_a_policy_it_shows_what_could_go_at_most(self):
        with agent(self.engine.host, {"keep": sweeping.KEEP_NOTHING}, within=inside(self.engine)) as other:
            # What images hold is read after the first listing.
            other.wait_for(lambda: other.metrics().value("docksweep_images_reclaimable_bytes") > 0, "figures", 30, 0.2)
            text = other.get("/").expect(200).text
            self.assertIn("No policy is configured", text)
            self.assertIn("Images, with the verdict if everything unused were to go", text)
            steps = other.cli_json("plan")["steps"]
            self.assertGreater(len(steps), 5)
            self.assertIn(f"would remove {len(steps)} images", text)

    def test_fits_a_phone_and_follows_the_reader_s_colours(self):
        shades = {}
        for scheme in ("light", "dark"):
            with browser.chromium(browser.PHONE) as driver:
                browser.colours(driver, scheme)
                driver.get(self.address)
                widths = driver.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
                self.assertLessEqual(widths[0], widths[1], "nothing is scrolled sideways")
                shade = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
                shades[scheme] = sum(map(int, re.findall(r"\d+", shade)[:3]))
                self.check_quiet(driver)
        self.assertGreater(shades["light"], 600)
        self.assertLess(shades["dark"], 150)


def many_images(answers):
    """More answers of an engine: as many images as MANY_IMAGES says, in chains of layers as rebuilds make them."""
    listed = []
    for number in range(MANY_IMAGES):
        diffs = [f"sha256:{value:064x}" for value in (1, 100 + number % 50, 1_000 + number % 2_000, 100_000 + number)]
        name, size = f"sha256:{number:064x}", 60_000_000 + 1_000 * number
        repository = f"registry.example.com/team/app-{number % 200}"
        listed.append({"Id": name, "ParentId": "", "RepoTags": [f"{repository}:{number}"],
                       "RepoDigests": [f"{repository}@sha256:{number + 7:064x}"], "Created": 1_700_000_000,
                       "Size": size, "SharedSize": -1, "Containers": -1, "Labels": None})
        answers[f"/images/{name}/json"] = json.dumps(
            {"Id": name, "Size": size, "Os": "linux", "Architecture": "amd64",
             "RootFS": {"Type": "layers", "Layers": diffs}})
        answers[f"/images/{name}/history"] = json.dumps(
            [{"Size": part} for part in (1_000 * number + 5_000_000, 5_000_000, 20_000_000, 30_000_000)])
    answers["/images/json"] = json.dumps(listed)
    answers["/containers/json"] = "[]"


class ten_thousand_images(unittest.TestCase):
    """An engine that answers at once as a Docker with 10,000 images would."""

    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="dsr-", dir="/var/tmp"))
        with shop.engine() as engine:
            replay.record(engine, folder)
        path = pathlib.Path(folder, "answers.json")
        answers = json.loads(path.read_text())
        many_images(answers)
        path.write_text(json.dumps(answers))
        cls.server = cls.enterClassContext(replay.replayed(folder))
        cls.agent = cls.enterClassContext(agent(cls.server.host, {"policy": [sweeping.EVERYTHING]}, ready=False))
        cls.agent.wait_ready(120)
        cls.agent.wait_for(lambda: cls.agent.metrics().value("docksweep_images", state="unused") == MANY_IMAGES,
                           "all images", 120, 0.5)
        cls.agent.wait_for(lambda: cls.agent.metrics().value("docksweep_policy_plan_images", policy="all") >= 0,
                           "a plan", 120, 0.5)
        cls.address = f"http://127.0.0.1:{cls.agent.port}/"

    def seconds(self, path, rows):
        began = time.monotonic()
        text = self.agent.get(path).expect(200).text
        took = time.monotonic() - began
        self.assertEqual(text.count('<th scope="row"'), rows)
        print(f"\nGET {path}: {len(text) / 1000:.0f} kB in {took:.3f} s", end="", flush=True)
        return took

    def test_the_agent_answers_in_under_a_second(self):
        for path, count in (("/", 100), ("/?sort=name&page=50", 100), ("/?filter=app-17%3A", 50),
                            ("/?rows=all", MANY_IMAGES)):
            self.assertLess(self.seconds(path, count), 1)

    def test_others_do_not_wait_long_for_it(self):
        """One thread serves everything: a probe waits for the page that is being made, and no longer."""
        stop = threading.Event()

        def keep_asking():
            while not stop.is_set():
                self.agent.get("/?rows=all").expect(200)
        asking = threading.Thread(target=keep_asking)
        asking.start()
        try:
            longest = 0
            for _ in range(30):
                began = time.monotonic()
                self.agent.get("/-/healthy").expect(200)
                longest = max(longest, time.monotonic() - began)
        finally:
            stop.set()
            asking.join()
        print(f"\na probe beside them: {longest:.3f} s at most", end="", flush=True)
        self.assertLess(longest, 1)

    def test_a_browser_shows_it_in_under_a_second(self):
        with browser.chromium() as driver:
            driver.get(self.address)
            took = driver.execute_script("return performance.getEntriesByType('navigation')[0].loadEventEnd")
            self.assertLess(took, 1_000)
            began = time.monotonic()
            driver.find_element(By.NAME, "filter").send_keys("app-17:")
            until(driver, lambda: "50 of 10,000" in driver.find_element(By.ID, "images-count").text, "fifty of them")
            filtered = time.monotonic() - began
            self.assertLess(filtered, 1)
            began = time.monotonic()
            sort_by(driver, "name")
            ordered = time.monotonic() - began
            print(f"\nshown after {took:.0f} ms, filtered after {filtered:.2f} s, sorted after {ordered:.2f} s", end="",
                  flush=True)
            self.assertLess(ordered, 1)
            self.assertEqual(browser.console(driver), [])


if __name__ == "__main__":
    unittest.main()
