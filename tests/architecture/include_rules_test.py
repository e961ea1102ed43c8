# Shows that include_rules.py finds each kind of breach, and stays silent about what is allowed.
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import include_rules  # noqa: E402  (the folder of this file is on the path from here on)

# What a sample may include of agent/.
THERE = ["core/inventory.hpp", "app/engine.hpp", "app/watcher.hpp", "net/endpoint.hpp", "report/table.hpp",
         "engine/client.hpp", "store/sqlite.hpp", "config/settings.hpp", "web/server.hpp", "cli/run.hpp"]


def check(name, source):
    """The breaches that one file adds to a tree that has none, without "file:line: "."""
    with tempfile.TemporaryDirectory() as folder:
        agent = pathlib.Path(folder)
        for there, text in [*((there, "#pragma once\n") for there in THERE), (name, source)]:
            (agent / there).parent.mkdir(exist_ok=True)
            (agent / there).write_text(text)
        return [breach.partition(": ")[2] for breach in include_rules.breaches(agent)]


def header(*includes):
    return "#pragma once\n" + "".join(f"#include {include}\n" for include in includes)


class include_rules_test(unittest.TestCase):
    def breaks(self, name, source, words):
        found = check(name, source)
        self.assertEqual(len(found), 1, found)
        self.assertIn(words, found[0])

    def fits(self, name, source):
        self.assertEqual(check(name, source), [])

    def test_core_may_not_include_app(self):
        self.breaks("core/a.cpp", '#include "app/engine.hpp"\n', "core may not include")

    def test_app_may_not_include_an_adapter(self):
        self.breaks("app/a.cpp", '#include "engine/client.hpp"\n', "app may not include")

    def test_adapter_may_not_include_another_adapter(self):
        self.breaks("engine/a.cpp", '#include "store/sqlite.hpp"\n', "engine may not include")
        self.breaks("report/a.cpp", '#include "config/settings.hpp"\n', "report may not include")

    def test_adapter_may_not_include_app_beyond_its_ports(self):
        self.breaks("store/a.hpp", header('"app/watcher.hpp"'), "store may not include")

    def test_net_may_not_include_report(self):
        self.breaks("net/a.cpp", '#include "report/table.hpp"\n', "net may not include")

    def test_nothing_below_may_include_web_or_cli(self):
        self.breaks("config/a.cpp", '#include "cli/run.hpp"\n', "config may not include")
        self.breaks("web/a.cpp", '#include "cli/run.hpp"\n', "web may not include")

    def test_core_may_not_include_other_libraries(self):
        for library in ["boost/asio.hpp", "spdlog/spdlog.h", "openssl/ssl.h", "sqlite3.h", "sys/socket.h", "unistd.h"]:
            self.breaks("core/a.cpp", f"#include <{library}>\n", "core may not include")

    def test_core_may_not_open_files_or_start_threads(self):
        self.breaks("core/a.cpp", "#include <fstream>\n", "core may not include <fstream>")
        self.breaks("core/a.hpp", header("<thread>"), "core may not include <thread>")

    def test_core_may_not_read_a_clock(self):
        self.breaks("core/a.cpp", "auto a() { return std::chrono::system_clock::now(); }\n", "the core has no clock")

    def test_app_adds_asio_only(self):
        for library in ["boost/beast.hpp", "boost/json.hpp", "sqlite3.h", "boost/url.hpp", "sys/socket.h"]:
            self.breaks("app/a.cpp", f"#include <{library}>\n", "app may not include")

    def test_beast_and_json_appear_in_no_header(self):
        for library in ["boost/beast/http.hpp", "boost/beast.hpp", "boost/json.hpp", "boost/json/value.hpp"]:
            self.breaks("web/a.hpp", header(f"<{library}>"), "in a header")

    def test_a_header_has_pragma_once(self):
        self.breaks("net/a.hpp", "struct a {};\n", "without #pragma once")
        self.breaks("net/a.hpp", "// #pragma once\n", "without #pragma once")

    def test_a_header_has_no_using_namespace(self):
        self.breaks("cli/a.hpp", header() + "  using namespace std;\n", "'using namespace' in a header")

    def test_includes_are_written_from_the_agent_folder(self):
        self.breaks("core/a.cpp", '#include "inventory.hpp"\n', "is no file of agent/")
        self.breaks("core/a.cpp", '#include "../app/engine.hpp"\n', "is no file of agent/")

    def test_a_folder_that_is_not_in_the_picture(self):
        self.breaks("util/a.hpp", header(), "folder util is not in the picture")

    def test_spaces_and_comments_hide_no_breach(self):
        self.breaks("core/a.cpp", '/* x */\n #  include   "app/engine.hpp"  // why\n', "core may not include")
        self.breaks("core/a.cpp", "auto a = '\"';\n#include \"app/engine.hpp\"\nauto b = \"//\";\n", "core may not include")

    def test_the_line_is_told(self):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "core").mkdir()
            (pathlib.Path(folder) / "core/a.cpp").write_text("/* one\ntwo */\n\n#include <unistd.h>\n")
            self.assertTrue(include_rules.breaches(folder)[0].startswith("core/a.cpp:4: "))

    def test_what_is_allowed_is_not_a_breach(self):
        self.fits("core/a.hpp", header("<vector>", "<re2/re2.h>", "<date/tz.h>", "<openssl/evp.h>", '"core/inventory.hpp"'))
        self.fits("app/a.hpp", header("<boost/asio/awaitable.hpp>", '"core/inventory.hpp"', '"app/engine.hpp"'))
        self.fits("engine/a.cpp", '#include <boost/json.hpp>\n#include <boost/beast/http.hpp>\n#include "app/engine.hpp"\n'
                                  '#include "core/inventory.hpp"\n#include "net/endpoint.hpp"\n#include "report/table.hpp"\n')
        self.fits("web/a.cpp", '#include "app/watcher.hpp"\n#include "config/settings.hpp"\n#include "report/table.hpp"\n')
        self.fits("cli/a.cpp", 'using namespace std::literals;\n#include "web/server.hpp"\n#include "store/sqlite.hpp"\n')
        self.fits("main.cpp", '#include "cli/run.hpp"\n')

    def test_comments_and_raw_strings_are_not_code(self):
        self.fits("core/a.cpp", '// #include "app/engine.hpp"\n/*\n#include <unistd.h>\n*/\n'
                                'auto a = R"(\n#include <unistd.h>\n)";\nauto b = "/*";\n')
        self.fits("core/b.hpp", header() + "// using namespace std; system_clock::now()\n")


if __name__ == "__main__":
    unittest.main()
