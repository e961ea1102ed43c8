// Certificates for a test, made by the openssl command line at the time of the test.
#pragma once

#include <string>

#include "support/temp_folder.hpp"

namespace docksweep::test {

struct certificate {
  std::string cert, key;  // PEM files
};

// A certificate authority of the test's own.
class authority {
 public:
  explicit authority(const std::string& name = "test authority");

  const std::string& ca() const { return ca_.cert; }
  // Signs a certificate for these subject alternative names: "DNS:localhost,IP:127.0.0.1".
  certificate issue(const std::string& name, const std::string& alternative_names);

 private:
  void openssl(const std::string& arguments) const;

  temp_folder folder_;
  certificate ca_;
};

}  // namespace docksweep::test
