// The terminal: how wide it is, whether colour is welcome, and writing to it without falling over a closed pipe.
#pragma once

#include <string>
#include <string_view>

namespace docksweep::cli {

// Columns of the terminal on stdout (ioctl, else COLUMNS, else 80); 0: stdout is no terminal, lines have no limit.
int output_width();
// Colour on stdout: it is a terminal, NO_COLOR is unset or empty (no-color.org), and TERM is not "dumb".
bool output_colour();
// Progress on stderr: it is a terminal.
bool progress_wanted();
// Columns of the terminal on stderr; 80 where it does not say.
int error_width();
// Its rows; 24 where it does not say.
int error_height();

// Whether somebody can be asked: stdin and stderr are a terminal.
bool can_ask();
// Asks on stderr, reads a line; only "y" and "yes" (in any case) are a yes.
bool ask(std::string_view question);

// Writes everything to stdout. True when all was written, or the reader had enough (closed pipe: nobody to tell);
// false after a message on stderr (a full disk).
bool print(std::string_view text);
// "docksweep: message" on stderr.
void complain(std::string_view message);
// A line on stderr as it is; note_raw adds no line end.
void note(std::string_view line);
void note_raw(std::string_view text);

}  // namespace docksweep::cli
