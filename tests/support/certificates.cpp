// Calls openssl to make certificates.
#include "support/certificates.hpp"

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace docksweep::test {
namespace {

// As `openssl ca` reads it; `openssl x509 -req` of OpenSSL 3.0 can set no beginning.
std::string moment(std::chrono::hours from_now) {
  const auto when = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now() + from_now);
  std::tm parts{};
  ::gmtime_r(&when, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y%m%d%H%M%SZ", &parts);
  return text;
}

}  // namespace

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
  std::ofstream(folder_.file("index")).flush();
  std::ofstream(folder_.file("ca.cnf")) << "[ca]\ndefault_ca = one\n[one]\nrand_serial = yes\nunique_subject = no\n"
                                        << "default_md = sha256\npolicy = any\n"
                                        << "database = " << folder_.file("index") << "\n"
                                        << "new_certs_dir = " << folder_.file("") << "\n[any]\ncommonName = supplied\n";
}

certificate authority::issue(const std::string& name, const std::string& alternative_names, validity when,
                             const std::string& usage) {
  certificate made{folder_.file(name + ".pem"), folder_.file(name + ".key")};
  const auto request = folder_.file(name + ".csr");
  const auto extensions = folder_.file(name + ".ext");
  std::ofstream(extensions) << "subjectAltName=" << alternative_names << "\n"
                            << (usage.empty() ? "" : "extendedKeyUsage=" + usage + "\n");
  openssl("req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=" + name + "' -keyout " + made.key +
          " -out " + request);
  openssl("ca -batch -notext -config " + folder_.file("ca.cnf") + " -in " + request + " -cert " + ca_.cert +
          " -keyfile " + ca_.key + " -startdate " + moment(when.from) + " -enddate " + moment(when.until) +
          " -extfile " + extensions + " -out " + made.cert);
  return made;
}

}  // namespace docksweep::test
