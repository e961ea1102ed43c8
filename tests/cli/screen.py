# What a terminal shows after what it was sent: as far as docksweep goes, which moves up, erases, and writes lines.
import re

PIECE = re.compile(r"\x1b\[(\??)(\d*)([A-Za-z])|(\r)|(\n)|([^\x1b\r\n]+)")


class screen:
    """screen(text).lines, .row and .column of the cursor, .visible, and .widest: the longest line ever written."""

    def __init__(self, text, columns=80):
        self.columns, self.row, self.column, self.visible, self.widest = columns, 0, 0, True, 0
        self.lines = [""]
        position = 0
        while position < len(text):
            found = PIECE.match(text, position)
            if found is None:
                raise AssertionError(f"unknown to this terminal: {text[position:position + 20]!r}")
            position = found.end()
            self._take(*found.groups())

    def _take(self, private, number, command, back, down, words):
        if back:
            self.column = 0
        elif down:
            self.row, self.column = self.row + 1, 0
            self.lines += [""] * (self.row + 1 - len(self.lines))
        elif words:
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[:self.column] + words + line[self.column + len(words):]
            self.column += len(words)
            self.widest = max(self.widest, self.column)
        elif private:
            if number == "25":
                self.visible = command == "h"
        elif command == "A":
            self.row -= int(number or 1)
            if self.row < 0:
                raise AssertionError("above the first line that was ever written")
        elif command == "K":
            self.lines[self.row] = self.lines[self.row][:self.column]
        elif command == "J":
            del self.lines[self.row + 1:]
            self.lines[self.row] = self.lines[self.row][:self.column]
        elif command != "m":
            raise AssertionError(f"unknown to this terminal: {command}")

    @property
    def text(self):
        return "\n".join(line.rstrip() for line in self.lines).rstrip("\n")
