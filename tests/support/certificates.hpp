// Certificates for a test, made by the openssl command line at the time of the test.
#pragma once

#include <chrono>
#include <string>

#include "support/temp_folder.hpp"

namespace docksweep::test {

struct certificate {
  std::string cert, key;  // PEM files
};

// When a certificate is valid, from the moment of its making: what is over is negative.
struct validity {
  std::chrono::hours from{-1}, until{48};
  static validity over() { return {.from = std::chrono::hours(-48), .until = std::chrono::hours(-1)}; }
  static validity to_come() { return {.from = std::chrono::hours(1), .until = std::chrono::hours(48)}; }
};

// A certificate authority of the test's own.
class authority {
 public:
  explicit authority(const std::string& name = "test authority");

  const std::string& ca() const { return ca_.cert; }
  // Signs a certificate for these subject alternative names ("DNS:localhost,IP:127.0.0.1"); `usage` is its
  // extendedKeyUsage ("serverAuth", "clientAuth"; empty: any). The same name again replaces the files.
  certificate issue(const std::string& name, const std::string& alternative_names, validity when = {},
                    const std::string& usage = "");

 private:
  void openssl(const std::string& arguments) const;

  temp_folder folder_;
  certificate ca_;
};

}  // namespace docksweep::test
