// Tables for people: a header, aligned columns, fitted to the terminal. Plain text unless colour is asked for.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace docksweep::report {

enum class alignment { left, right };
enum class shortening {
  never,   // figures and short IDs: half a number is a wrong number
  end,     // "Exited (0) 2 ho…"
  middle,  // "registry.exam…/shop:1.4": names, whose end tells as much as their start
};

struct column {
  std::string title;
  alignment align = alignment::left;
  shortening shorten = shortening::never;
  std::size_t least_width = 12;  // a shortened column keeps at least this many terminal columns
  bool optional = false;         // left out, the rightmost first, when shortening is not enough
};

struct table_style {
  int width = 0;           // columns of the terminal; 0: no limit (not a terminal)
  bool no_trunc = false;   // no shortening and no leaving out, whatever the width
  bool colour = false;     // a bold header
  bool header = true;
};

class table {
 public:
  explicit table(std::vector<column> columns);

  // One cell for each column; a missing cell is empty, what is too many is dropped. Control characters become "?":
  // names and labels come from outside, and a terminal obeys what it is sent.
  void add(std::vector<std::string> cells);
  std::size_t rows() const { return rows_.size(); }

  // Every line ends with a line end and has no blanks before it. When all optional columns are gone and all others at
  // their least width, those that may be shortened become narrower still, down to six columns.
  std::string text(const table_style& style = {}) const;

 private:
  std::vector<column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// `text` in at most `width` terminal columns, with "…" for what was left out.
std::string shortened(const std::string& text, std::size_t width, shortening how);

}  // namespace docksweep::report
