# The pictures of the page in docs/pictures, from a real run on a real Docker: needs root and DOCKSWEEP_BINARY.
#
#     sudo DOCKSWEEP_BINARY=build/release/docksweep /usr/bin/python3 -B tests/engines/make_pictures.py [FOLDER]
import pathlib
import sys

import browser
import shop
from docksweep import REPOSITORY

# Small enough for a README.
SIZES = {"page-light.png": (browser.DESKTOP, "light"), "page-dark.png": (browser.DESKTOP, "dark"),
         "page-phone.png": (browser.PHONE, "light")}


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    with shop.engine() as engine:
        shop.fill(engine)
        with shop.watching(engine) as node:
            shop.sweep_once(engine, node)
            shop.wait_until_measured(node)
            for name, (size, scheme) in SIZES.items():
                with browser.chromium(size) as driver:
                    browser.colours(driver, scheme)
                    driver.get(f"http://127.0.0.1:{node.port}/")
                    browser.picture(driver, folder / name)
                    browser.picture(driver, folder / f"whole-{name}", whole=True) if "--whole" in sys.argv else None
                    print(folder / name, flush=True)


if __name__ == "__main__":
    main(pathlib.Path(next((word for word in sys.argv[1:] if not word.startswith("-")), REPOSITORY / "docs/pictures")))
