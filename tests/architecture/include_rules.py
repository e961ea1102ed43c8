# Checks that the includes under agent/ follow agent/ARCHITECTURE.md: arrows point down, the core has no socket, clock or
# file, Beast and Boost.JSON appear in no header.
#
#   python3 include_rules.py AGENT-FOLDER      prints one line for each breach; exit status 1 when there is any
import pathlib
import re
import sys

# The ports of app/: what the adapters implement. The rest of app/ is for cli and web alone.
PORTS = {"app/engine.hpp", "app/remover.hpp", "app/transfer.hpp", "app/store.hpp", "app/history.hpp",
         "app/telemetry.hpp", "app/sweep_telemetry.hpp", "app/archive.hpp", "app/alert_memory.hpp", "app/alert_telemetry.hpp", "app/alert_source.hpp",
         "app/disks.hpp", "app/log.hpp"}

# Folder → the folders that it may include; "ports" stands for the headers in PORTS.
ADAPTER = {"core", "ports", "net", "report"}
FOLDERS = {
    "core": set(),
    "app": {"core"},
    "net": {"core", "ports"},
    "report": ADAPTER,
    "store": ADAPTER,
    "engine": ADAPTER,
    "alertmanager": ADAPTER,
    "config": ADAPTER,
}
EVERYTHING_BELOW = {*FOLDERS, "ports"}
FOLDERS["web"] = set(EVERYTHING_BELOW)
FOLDERS["cli"] = {*EVERYTHING_BELOW, "web"}

# Libraries that the two inner folders may include, beside the C++ standard library (fmt stands in for std::format,
# which GCC 12 has not).
LIBRARIES = {
    "core": [r"re2/", r"date/", r"openssl/(evp|sha)\.h$", r"fmt/"],
    "app": [r"boost/asio(/|\.hpp$)", r"boost/system/", r"fmt/"],
}
STANDARD = re.compile(r"[a-z_0-9]+$")
NOT_IN_CORE = {"fstream", "filesystem", "iostream", "thread", "mutex", "condition_variable", "future"}
NOT_IN_HEADERS = re.compile(r"boost/(beast|json)(/|\.hpp$)")
GENERATED = {"docksweep_revision.hpp"}  # made by the build, from the checkout's revision

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)
# Comments and raw strings go; plain strings stay (an include's name is one), and hide what looks like a comment in them.
COMMENT_OR_TEXT = re.compile(r"""//[^\n]*|/\*.*?\*/|R"(?P<end>[^(\s]*)\(.*?\)(?P=end)"|'(?:\\.|[^'\\\n])'"""
                             r"""|(?P<text>"(?:\\.|[^"\\\n])*")""", re.DOTALL)


def without_comments(source):
    return COMMENT_OR_TEXT.sub(lambda found: found["text"] or "\n" * found.group().count("\n"), source)


def breaches(agent):
    """Every breach of the rules in a folder like agent/, as "file:line: what"."""
    agent = pathlib.Path(agent)
    found = []
    for file in sorted(agent.rglob("*.[ch]pp")):
        name = file.relative_to(agent).as_posix()
        source = without_comments(file.read_text())
        found += [f"{name}:{line}: {what}" for line, what in check_file(agent, name, source)]
    return found


def check_file(agent, name, source):
    folder = name.partition("/")[0] if "/" in name else "main"
    header = name.endswith(".hpp")
    if folder != "main" and folder not in FOLDERS:
        yield 1, f"folder {folder} is not in the picture: add it to agent/ARCHITECTURE.md and to the rules"
        return
    for found in INCLUDE.finditer(source):
        line = source.count("\n", 0, found.start()) + 1
        own, target = found.group(1) == '"', found.group(2)
        check = check_own(agent, folder, target) if own else check_library(folder, target, header)
        yield from ((line, what) for what in check)
    if header and not re.search(r"^#pragma once$", source, re.MULTILINE):
        yield 1, "a header without #pragma once"
    for pattern, applies, what in (
            (r"^\s*using\s+namespace\b", header, "'using namespace' in a header reaches everybody who includes it"),
            (r"\b(system|steady|high_resolution)_clock::now\b", folder == "core", "the core has no clock: now is an argument")):
        for found in re.finditer(pattern, source, re.MULTILINE) if applies else ():
            yield source.count("\n", 0, found.end()) + 1, what


def check_own(agent, folder, target):
    """An include of this project's own, written from the agent folder."""
    if target in GENERATED:
        return
    if not (agent / target).is_file() or ".." in target.split("/"):
        yield f'"{target}" is no file of agent/: includes are written from there ("core/inventory.hpp")'
        return
    other = target.partition("/")[0]
    if folder in ("main", other):
        return
    allowed = FOLDERS[folder]
    if other not in allowed and not ("ports" in allowed and target in PORTS):
        only = ", ".join(sorted(allowed)).replace("ports", "app's ports") or "nothing else of agent/"
        yield f'{folder} may not include "{target}": it may include {only}'


def check_library(folder, target, header):
    if header and NOT_IN_HEADERS.match(target):
        yield f"<{target}> in a header: Beast and Boost.JSON belong into few .cpp files"
    if folder not in LIBRARIES or any(re.match(pattern, target) for pattern in LIBRARIES[folder]):
        return
    if not STANDARD.match(target):
        yield f"{folder} may not include <{target}>: {'the core has no socket, no clock, no file' if folder == 'core' else 'app adds only Asio to the core'}"
    elif folder == "core" and target in NOT_IN_CORE:
        yield f"core may not include <{target}>: it has no socket, no clock, no file, no thread"


def main():
    found = breaches(sys.argv[1])
    print("\n".join(found) or "the includes follow agent/ARCHITECTURE.md")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
