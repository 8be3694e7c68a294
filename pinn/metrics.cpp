#include "pinn/metrics.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "datasets/atomic_file.hpp"
#include "kernels/core/error.hpp"

namespace residua {
namespace {

/// The whole lines of a metrics file up to a step.
std::string rows_until(const std::filesystem::path& path, std::int64_t step) {
  std::ifstream in(path, std::ios::binary);
  std::string rows, line;
  std::getline(in, line);  // the header is written anew
  while (std::getline(in, line) && !in.eof() && std::atoll(line.c_str()) <= step) rows += line + '\n';
  return rows;
}

}  // namespace

MetricsFile::MetricsFile(const std::filesystem::path& path, std::vector<std::string> terms, std::int64_t step)
    : path_(path), terms_(std::move(terms)) {
  const std::string kept = step > 0 ? rows_until(path, step) : "";
  write_file(path, fmt::format("step,seconds,part,stage,loss,{}\n{}", fmt::join(terms_, ","), kept));
  out_.open(path, std::ios::binary | std::ios::app);
}

MetricsFile::~MetricsFile() {
  try {
    flush();
  } catch (const Error&) {  // it has been said, or it comes beside another error
  }
}

void MetricsFile::add(const Metrics& m) {
  std::string row = fmt::format("{},{:.3f},{},{},{:.6e}", m.step, m.seconds, m.part, m.stage, m.loss);
  for (const std::string& term : terms_) {
    const auto found = m.mean_square.find(term);
    row += found == m.mean_square.end() ? "," : fmt::format(",{:.6e}", found->second);
  }
  pending_ += row + '\n';
  // A call of the system for every row would cost as much as a step of a small network.
  if (std::chrono::steady_clock::now() - flushed_ > std::chrono::seconds(1)) flush();
}

void MetricsFile::flush() {
  out_ << pending_ << std::flush;  // whole rows at once, for those who read along
  pending_.clear();
  if (!out_) throw Error(fmt::format("{}: writing failed: {}", path_.string(), std::strerror(errno)));
  flushed_ = std::chrono::steady_clock::now();
}

}  // namespace residua
