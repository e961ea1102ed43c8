# Reads the Prometheus text format (0.0.4), strictly enough that a malformed line is an error.
import re

SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)')
ESCAPES = {r"\\": "\\", r"\n": "\n", r"\"": '"'}


class metrics(dict):
    """{(name, frozenset of (label, value)): float}"""

    def value(self, name, **labels):
        """The value of one series; KeyError says which was asked for."""
        return self[name, frozenset(labels.items())]

    def family(self, name, label):
        """{value of that label: value} over the series of a name."""
        return {dict(labels)[label]: value for (found, labels), value in self.items()
                if found == name and label in dict(labels)}

    def labels(self, name):
        """The labels of every series of a name, as dicts."""
        return [dict(labels) for found, labels in self if found == name]


def parse(text):
    found = metrics()
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        match = SAMPLE.match(line)
        if not match:
            raise ValueError(f"not a sample: {line!r}")
        name, inside, value = match.groups()
        labels, at = {}, 0
        while inside and at < len(inside):
            label = LABEL.match(inside, at)
            if not label:
                raise ValueError(f"not labels: {line!r}")
            labels[label[1]] = re.sub(r"\\.", lambda escape: ESCAPES[escape[0]], label[2])
            at = label.end()
        key = (name, frozenset(labels.items()))
        if key in found:
            raise ValueError(f"the same series twice: {line!r}")
        found[key] = float(value)
    return found
