// Calls openssl to make certificates.
#include "support/certificates.hpp"

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace docksweep::test {

void authority::openssl(const std::string& arguments) const {
  const auto log = folder_.file("openssl.log");
  const auto command = "openssl " + arguments + " >" + log + " 2>&1";
  if (std::system(command.c_str()) == 0) return;
  std::ifstream in(log);
  throw std::runtime_error(command + ": " + std::string(std::istreambuf_iterator<char>(in), {}));
}

authority::authority(const std::string& name) {
  ca_ = {folder_.file("ca.pem"), folder_.file("ca.key")};
  openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj '/CN=" + name +
          "' -keyout " + ca_.key + " -out " + ca_.cert);
}

certificate authority::issue(const std::string& name, const std::string& alternative_names) {
  certificate made{folder_.file(name + ".pem"), folder_.file(name + ".key")};
  const auto request = folder_.file(name + ".csr");
  const auto extensions = folder_.file(name + ".ext");
  std::ofstream(extensions) << "subjectAltName=" << alternative_names << "\n";
  openssl("req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=" + name + "' -keyout " + made.key +
          " -out " + request);
  openssl("x509 -req -days 2 -in " + request + " -CA " + ca_.cert + " -CAkey " + ca_.key +
          " -CAcreateserial -extfile " + extensions + " -out " + made.cert);
  return made;
}

}  // namespace docksweep::test
