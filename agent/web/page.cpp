// Renders the landing page; see page.hpp. Every text from outside goes through escaped().
#include "web/page.hpp"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <numeric>

#include "net/base64.hpp"
#include "report/history_text.hpp"
#include "web/html.hpp"
#include "web/page_parts.hpp"
#include "web/page_script.hpp"
#include "web/page_style.hpp"

namespace docksweep::web {
namespace {

using core::image_state;

void add_header(std::string& out, const page_figures& what) {
  add(out, R"(<header><h1>docksweep</h1><span class="host">{}</span>)", escaped(what.host));
  add(out, R"(<span class="pill {}">{}</span>)", what.engine_up ? "good" : "bad",
      what.engine_up       ? "engine answers"
      : what.engine_absent ? "no engine"
                           : "engine does not answer");
  add(out, R"(<span class="pill">{}</span>)", what.enforcing ? "enforcing" : "observing: removes nothing");
  if (what.paused) add(out, R"(<span class="pill bad">{}</span>)", escaped(report::pause_text(*what.paused, what.now)));
  if (what.node) {
    const auto& engine = what.node->engine;
    add(out, R"(<p class="engine">{} {} · API {} · {}{} · {}</p>)", escaped(engine.engine), escaped(engine.version),
        escaped(engine.api_version), escaped(engine.storage_driver),
        engine.store == core::image_store::containerd ? " in containerd’s image store" : "", escaped(engine.root_dir));
  }
  out += "</header>";
}

void add_banner(std::string& out, const page_figures& what) {
  if (what.engine_up && what.node) return;
  out += R"(<div class="banner" role="alert">)";
  if (what.engine_up) {
    out += "<p><b>The engine is being listed for the first time.</b> Reload this page in a moment.</p></div>";
    return;
  }
  add(out, "<p><b>{}</b></p>",
      what.engine_absent ? "No container engine was found on this machine." : "The container engine does not answer.");
  if (!what.engine_problem.empty()) add(out, "<p><code>{}</code></p>", escaped(what.engine_problem));
  if (what.engine_absent) {
    out +=
        "<p>Start Docker or Podman here, or name its socket: <code>host</code> under <code>[engine]</code> in the "
        "configuration, or DOCKER_HOST.</p>";
  } else {
    const std::string_view unit = what.node && what.node->engine.engine == "podman" ? "podman" : "docker";
    add(out,
        "<p>See whether it runs (<code>systemctl status {0}</code>) and what its log says (<code>journalctl -u "
        "{0}</code>). "
        "This agent tries again by itself.</p>",
        unit);
  }
  if (what.node) add(out, "<p>The figures below are from {}.</p>", ago_text(what.now - what.node->complete_at));
  out += "</div>";
}

void add_card(std::string& out, std::string_view style, std::string_view title, std::string_view big,
              std::string_view small) {
  add(out, R"(<div class="card{}"><h2>{}</h2><p class="big">{}</p><p>{}</p></div>)", style, title, escaped(big),
      escaped(small));
}

std::string containers_text(const page_node& node) {
  const auto of = [&](core::container_state state) { return node.containers[static_cast<std::size_t>(state)]; };
  const auto running = of(core::container_state::running);
  const auto all = std::accumulate(node.containers.begin(), node.containers.end(), std::int64_t{0});
  return fmt::format("{}, {} running", count_text(all, "container", "containers"), count_text(running));
}

void add_cards(std::string& out, const page_node& node) {
  const auto images = std::accumulate(node.images.begin(), node.images.end(), std::int64_t{0});
  const auto image_bytes = std::accumulate(node.image_bytes.begin(), node.image_bytes.end(), core::byte_count{0});
  const auto of = [](const auto& counts, image_state state) { return counts[static_cast<std::size_t>(state)]; };
  const auto spare = of(node.images, image_state::unused) + of(node.images, image_state::dangling);
  out += R"(<div class="cards">)";
  add_card(out, " main", "Would come back", bytes_text(node.reclaimable),
           fmt::format("by removing {} that nothing uses", count_text(spare, "image", "images")));
  add_card(out, "", "Images", (node.exact ? "" : "≥ ") + bytes_text(image_bytes),
           fmt::format("{}, {} in use", count_text(images, "image", "images"),
                       count_text(of(node.images, image_state::in_use))));
  const auto& disk = node.disk;
  add_card(out, "", "Containers", known(disk ? disk->containers_bytes : std::nullopt), containers_text(node));
  const std::string waiting = "measured at a slower pace, soon";
  add_card(out, "", "Volumes", known(disk ? disk->volumes_bytes : std::nullopt),
           disk ? fmt::format("{}, {} in no container", count_text(node.volumes, "volume", "volumes"),
                              count_text(node.unreferenced_volumes))
                : waiting);
  add_card(out, "", "Build cache", known(disk ? disk->build_cache_bytes : std::nullopt),
           disk ? fmt::format("{} not in use", bytes_text(disk->build_cache_reclaimable_bytes)) : waiting);
  out += "</div>";
}

void add_states(std::string& out, const page_node& node) {
  const auto all = std::accumulate(node.image_bytes.begin(), node.image_bytes.end(), core::byte_count{0});
  const auto share = [&](image_state state) {
    return bar_part{colour_of(state), percent_of(node.image_bytes[static_cast<std::size_t>(state)], all)};
  };
  out += "<section><h2>Image layers, each counted once</h2>";
  add_bar(out, "Bytes of image layers by state; the list below has them",
          {share(image_state::in_use), share(image_state::unused), share(image_state::dangling),
           share(image_state::intermediate)});
  out += R"(<ul class="legend">)";
  for (const auto state : core::all_image_states) {
    const auto at = static_cast<std::size_t>(state);
    if (node.images[at] == 0 && state == image_state::intermediate) continue;
    add_legend(
        out, colour_of(state), words_of(state),
        fmt::format("{} · {}", bytes_text(node.image_bytes[at]), count_text(node.images[at], "image", "images")));
  }
  out += "</ul>";
  if (!node.exact) {
    out +=
        R"(<p class="soft">This engine does not tell every layer's size: figures are what is certain, or a range.</p>)";
  }
  out += "</section>";
}

void add_footer(std::string& out, const page_figures& what) {
  out += R"(<footer><a href="/metrics">Metrics</a><a href="/api/v1/inventory">Inventory (JSON)</a>)"
         R"(<a href="/-/ready">Ready?</a><a href="/-/healthy">Healthy?</a><span class="soft">)";
  if (what.node) {
    add(out, "Listed {}, kept current by events", ago_text(what.now - what.node->complete_at));
    if (what.node->disk) add(out, "; volumes and build cache {}", ago_text(what.now - what.node->disk->made_at));
    out += ". ";
  }
  add(out, "docksweep {}</span></footer>", escaped(what.version));
}

// As a source of the security policy (CSP 3, hash-source).
std::string hash_of(std::string_view text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return net::encode_base64({reinterpret_cast<const char*>(digest), sizeof digest});
}

}  // namespace

std::string render_page(const page_figures& what, const page_request& asked) {
  std::string out;
  out.reserve(64 * 1024);
  out += R"(<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" )"
         R"(content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">)";
  add(out, "<title>docksweep on {}</title>", escaped(what.host));
  out += R"(<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E)"
         R"(%3Cpath fill='%232563c9' d='M1 9h3v3H1zm4 0h3v3H5zm0-4h3v3H5zm4 4h3v3H9z'/%3E%3C/svg%3E"><style>)";
  out += page_style;
  out += "</style></head><body>";
  add_header(out, what);
  out += "<main>";
  add_banner(out, what);
  if (what.node) add_cards(out, *what.node);
  add_disks(out, what);
  if (what.node) add_states(out, *what.node);
  if (what.node) add_images(out, what, asked);
  if (what.node) add_layers(out, *what.node);
  add_plans(out, what);
  add_history(out, what);
  out += "</main>";
  add_footer(out, what);
  out += "<script>";
  out += page_script;
  out += "</script></body></html>\n";
  return out;
}

const std::string& page_security_policy() {
  static const std::string policy = fmt::format(
      "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; img-src data:; "
      "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
      hash_of(page_style), hash_of(page_script));
  return policy;
}

}  // namespace docksweep::web
