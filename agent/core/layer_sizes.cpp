#include "core/layer_sizes.hpp"

#include <algorithm>
#include <numeric>

namespace docksweep::core {
namespace {

constexpr byte_count unknown = -1;

class resolver {
 public:
  explicit resolver(std::size_t layer_count) : cumulative_(layer_count, unknown), done_(layer_count, false) {
    sizes_.of.resize(layer_count);
    sizes_.segment.assign(layer_count, layer_sizes::no_segment);
  }

  layer_sizes run(std::span<const layered_image> images) {
    for (const auto& one : images) {
      // An untrusted sum (containerd: an index may hold several platforms) bounds its own image and cuts no other.
      if (one.cumulative && one.history_is_trusted && !one.chains.empty()) {
        cumulative_[one.chains.back()] = std::max<byte_count>(0, *one.cumulative);
      }
    }
    // First what is certain, so that its prefixes help to cut what is not.
    for (const auto& one : images) assign_complete_history(one);
    for (const auto& one : images) assign_pieces(one, true);
    for (const auto& one : images) assign_pieces(one, false);
    return std::move(sizes_);
  }

 private:
  // The usual case: one non-zero size per layer, and they add up.
  void assign_complete_history(const layered_image& one) {
    if (!one.cumulative || one.history_sizes.size() != one.chains.size()) return;
    if (std::accumulate(one.history_sizes.begin(), one.history_sizes.end(), byte_count{0}) != *one.cumulative) return;
    byte_count below = 0;
    for (std::size_t i = 0; i < one.chains.size(); ++i) {
      below += one.history_sizes[i];
      cumulative_[one.chains[i]] = below;
      settle(one.chains[i], {one.history_sizes[i], one.history_sizes[i]});
    }
  }

  void settle(std::uint32_t chain, byte_range size) {
    if (done_[chain]) return;
    done_[chain] = true;
    sizes_.of[chain] = size;
  }

  // Cuts the image at every prefix of known cumulative size and assigns each piece.
  void assign_pieces(const layered_image& one, bool only_certain) {
    // Not unpacked (containerd): it says nothing about layers that others may have unpacked.
    if (!one.history_is_trusted && one.cumulative.value_or(0) <= 0) return;
    std::size_t first = 0;
    std::size_t history_used = 0;
    byte_count below = 0;
    bool history_in_step = true;
    for (std::size_t i = 0; i < one.chains.size(); ++i) {
      auto here = cumulative_[one.chains[i]];
      if (here == unknown && i + 1 == one.chains.size()) here = one.cumulative.value_or(unknown);
      if (here == unknown) continue;
      const auto taken = history_in_step ? take(one.history_sizes, history_used, here - below) : std::nullopt;
      const auto sizes = taken ? one.history_sizes.subspan(history_used, *taken) : std::span<const byte_count>{};
      const auto piece = one.chains.subspan(first, i + 1 - first);
      if (taken) {
        assign_matching(piece, sizes, here - below, only_certain);
        history_used += *taken;
      } else {
        history_in_step = false;
        if (!only_certain) assign_unmatched(piece, one, first, std::max<byte_count>(0, here - below));
      }
      first = i + 1;
      below = here;
    }
    if (!only_certain && first < one.chains.size()) assign_unbounded(one, first);
  }

  // How many of the next history sizes add up to `sum`; nullopt: none do.
  static std::optional<std::size_t> take(std::span<const byte_count> history, std::size_t from, byte_count sum) {
    byte_count so_far = 0;
    std::size_t count = 0;
    while (so_far < sum && from + count < history.size()) so_far += history[from + count++];
    if (so_far != sum) return std::nullopt;
    return count;
  }

  void assign_matching(std::span<const std::uint32_t> piece, std::span<const byte_count> sizes, byte_count sum,
                       bool only_certain) {
    if (sizes.size() > piece.size()) {
      if (!only_certain) make_segment(piece, {sum, sum}, [sum](std::size_t) { return byte_range{0, sum}; });
      return;
    }
    if (sum == 0 || sizes.size() == piece.size()) {
      for (std::size_t i = 0; i < piece.size(); ++i) {
        settle(piece[i], sum == 0 ? byte_range{} : byte_range{sizes[i], sizes[i]});
      }
      return;
    }
    if (only_certain) return;
    // Some layers are empty, and the engine does not say which: layer i can be size j only if enough slots remain.
    const auto empty = piece.size() - sizes.size();
    make_segment(piece, {sum, sum}, [&](std::size_t i) {
      const auto lowest = i > empty ? i - empty : 0;
      byte_count most = 0;
      for (auto j = lowest; j <= i && j < sizes.size(); ++j) most = std::max(most, sizes[j]);
      return byte_range{0, most};
    });
  }

  // The sum is known, its parts are not. A complete but untrusted history still gives lower bounds.
  void assign_unmatched(std::span<const std::uint32_t> piece, const layered_image& one, std::size_t first,
                        byte_count sum) {
    const bool has_lower_bounds = !one.history_is_trusted && one.history_sizes.size() == one.chains.size();
    if (!has_lower_bounds) {
      const auto least = one.history_is_trusted ? sum : 0;
      make_segment(piece, {least, sum}, [sum](std::size_t) { return byte_range{0, sum}; });
      return;
    }
    const auto lower = one.history_sizes.subspan(first, piece.size());
    const auto lower_sum = std::accumulate(lower.begin(), lower.end(), byte_count{0});
    const auto slack = std::max<byte_count>(0, sum - lower_sum);
    if (lower_sum > sum) {  // they contradict each other: believe neither beyond the smaller
      make_segment(piece, {0, lower_sum}, [&](std::size_t i) { return byte_range{0, lower[i]}; });
      return;
    }
    make_segment(piece, {lower_sum, sum}, [&](std::size_t i) { return byte_range{lower[i], lower[i] + slack}; });
  }

  // Nothing is known above the last known prefix (the listing gave no size): history is all there is.
  void assign_unbounded(const layered_image& one, std::size_t first) {
    const auto piece = one.chains.subspan(first);
    const bool complete = one.history_sizes.size() == one.chains.size();
    for (std::size_t i = 0; i < piece.size(); ++i) {
      settle(piece[i], {0, complete ? one.history_sizes[first + i] : 0});
    }
  }

  template <typename RangeOf>
  void make_segment(std::span<const std::uint32_t> piece, byte_range sum, RangeOf range_of) {
    const bool untouched = std::none_of(piece.begin(), piece.end(), [this](auto chain) { return done_[chain]; });
    byte_range settled;
    std::size_t open = 0;
    for (const auto chain : piece) {
      if (done_[chain])
        settled += sizes_.of[chain];
      else
        ++open;
    }
    if (open == 0) return;
    const byte_range rest{std::max<byte_count>(0, sum.at_least - settled.at_most),
                          std::max<byte_count>(0, sum.at_most - settled.at_least)};
    const bool alone = open == 1;
    for (std::size_t i = 0; i < piece.size(); ++i) {
      if (done_[piece[i]]) continue;
      auto range = range_of(i);
      if (alone) range = rest;
      range.at_most = std::min(range.at_most, rest.at_most);
      range.at_least = std::min(range.at_least, range.at_most);
      settle(piece[i], range);
      if (untouched && !alone) sizes_.segment[piece[i]] = static_cast<std::uint32_t>(sizes_.segments.size());
    }
    if (untouched && !alone) sizes_.segments.push_back({sum, static_cast<std::uint32_t>(piece.size())});
  }

  std::vector<byte_count> cumulative_;
  std::vector<bool> done_;
  layer_sizes sizes_;
};

}  // namespace

layer_sizes resolve_layer_sizes(std::span<const layered_image> images, std::size_t layer_count) {
  return resolver(layer_count).run(images);
}

}  // namespace docksweep::core
