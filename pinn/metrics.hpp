#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace residua {

/// How a training stands at one step.
struct Metrics {
  std::int64_t step = 0;                        ///< of the whole run
  double seconds = 0;                           ///< of training so far, over all resumed parts
  std::int64_t part = 0;                        ///< member of the ensemble * windows of time + window
  std::int64_t stage = 0;                       ///< of the run file, from 0
  double loss = 0;                              ///< without the balance of terms
  std::map<std::string, double> mean_square{};  ///< of each term at hand, summed over its equations
};

/// The metrics of a run as a table: metrics.csv with the columns step, seconds, part, stage, loss and one per term
/// (empty where a part of the run does not have it). Rows are written once a second, and by flush().
class MetricsFile {
 public:
  /// Keeps the rows up to `step` of a file that is there, and appends to them: those of steps that a crash took with it
  /// come again. With `step` 0 the file starts anew. Throws Error if it cannot be written.
  MetricsFile(const std::filesystem::path& path, std::vector<std::string> terms, std::int64_t step);
  MetricsFile(const MetricsFile&) = delete;
  MetricsFile& operator=(const MetricsFile&) = delete;
  ~MetricsFile();

  /// Throws Error if the disk refuses, here or in flush().
  void add(const Metrics& metrics);
  void flush();

 private:
  std::filesystem::path path_;
  std::vector<std::string> terms_;
  std::ofstream out_;
  std::string pending_;  ///< whole rows
  std::chrono::steady_clock::time_point flushed_ = std::chrono::steady_clock::now();
};

}  // namespace residua
