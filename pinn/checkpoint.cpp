#include "pinn/checkpoint.hpp"

#include <fmt/format.h>
#include <torch/serialize.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <sstream>

#include "datasets/atomic_file.hpp"
#include "kernels/core/error.hpp"
#include "pinn/archive.hpp"
#include "pinn/check_sum.hpp"
#include "pinn/optimizers/optimizer.hpp"
#include "pinn/weighting/weighting.hpp"

namespace residua {
namespace {

constexpr std::size_t kCheckSumSize = 8;

at::Tensor text_tensor(const std::string& text) {
  at::Tensor t = at::empty({std::int64_t(text.size())}, at::kByte);
  std::copy(text.begin(), text.end(), t.data_ptr<std::uint8_t>());
  return t;
}

at::Tensor history_tensor(const std::vector<LossPoint>& history) {
  at::Tensor t = at::empty({std::int64_t(history.size()), 2}, at::kDouble);
  double* value = t.data_ptr<double>();
  for (const LossPoint& point : history) {
    *value++ = point.step;
    *value++ = point.loss;
  }
  return t;
}

/// A second name for the file that is there, so that it stays when a new one takes its place.
void keep_as_previous(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return;
  std::error_code failed;
  std::filesystem::remove(previous_checkpoint(path), failed);
  std::filesystem::create_hard_link(path, previous_checkpoint(path), failed);
  if (failed) std::filesystem::copy_file(path, previous_checkpoint(path), failed);  // some file systems have no links
}

/// The check sum in eight hexadecimal digits. Torch's archives do not notice a flipped bit.
std::string check_digits(const std::string& bytes) {
  return fmt::format("{:08x}", check_sum(bytes.data(), bytes.size()));
}

/// Opens the archive and calls f(archive); whatever is wrong with the file becomes one line.
template <class F>
void with_archive(const std::filesystem::path& path, F&& f) {
  if (!std::filesystem::is_regular_file(path))
    throw Error(fmt::format("{}: no checkpoint there: expected a file that an earlier run left", path.string()));
  const auto damaged = [&] {
    const auto previous = previous_checkpoint(path);
    return Error(fmt::format(
        "{}: not a whole checkpoint: expected a file written by residua train{}", path.string(),
        std::filesystem::exists(previous)
            ? fmt::format("; the one before it is {}: rename it to go on from there", previous.filename().string())
            : ""));
  };
  std::ifstream in(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  const std::size_t size = bytes.size() - std::min(bytes.size(), kCheckSumSize);
  const std::string expected = bytes.substr(size);
  bytes.resize(size);
  if (check_digits(bytes) != expected) throw damaged();
  try {
    InputArchive archive;
    archive.load_from(bytes.data(), bytes.size());
    f(archive);
  } catch (const Error& e) {
    throw Error(fmt::format("{}: {}", path.string(), e.what()));
  } catch (const c10::Error&) {
    throw damaged();
  }
}

}  // namespace

std::string serialise(const TrainState& state, const Weighting& weighting, Optimizer& optimizer) {
  OutputArchive archive;
  archive.write("weights", state.weights, true);
  write_value(archive, "part", state.part);
  archive.write("finished", state.finished, true);
  write_value(archive, "stage", state.stage);
  write_value(archive, "step", state.step);
  write_value(archive, "steps_before", state.steps_before);
  write_value(archive, "draw", state.draw);
  write_value(archive, "stop_reason", state.stop_reason);
  write_value(archive, "points", state.points);
  write_value(archive, "seconds", state.seconds);
  archive.write("history", history_tensor(state.history), true);
  archive.write("run", text_tensor(state.run), true);
  write_part(archive, "weighting", [&](OutputArchive& own) { weighting.save(own); });
  write_part(archive, "optimizer", [&](OutputArchive& own) { optimizer.save(own); });
  std::ostringstream bytes;
  archive.save_to(bytes);
  return std::move(bytes).str();
}

std::filesystem::path previous_checkpoint(const std::filesystem::path& path) {
  return path.parent_path() / (path.stem().string() + ".previous" + path.extension().string());
}

void CheckpointWriter::write(std::string content) {
  finish();
  pending_ = std::async(std::launch::async, [path = path_, content = std::move(content)]() mutable {
    content += check_digits(content);
    keep_as_previous(path);
    write_file(path, content);
  });
}

void CheckpointWriter::check() {
  if (pending_.valid() && pending_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) finish();
}

void CheckpointWriter::finish() {
  if (pending_.valid()) pending_.get();
}

TrainState load_checkpoint(const std::filesystem::path& path) {
  TrainState state;
  with_archive(path, [&](InputArchive& archive) {
    const auto value = [&](const char* key) { return read_value(archive, key); };
    archive.read("weights", state.weights, true);
    state.part = value("part").toInt();
    archive.read("finished", state.finished, true);
    state.stage = value("stage").toInt();
    state.step = value("step").toInt();
    state.steps_before = value("steps_before").toInt();
    state.draw = value("draw").toInt();
    if (const auto reason = find_value(archive, "stop_reason")) state.stop_reason = reason->toStringRef();
    state.points = value("points").toTensorVector();
    state.seconds = value("seconds").toDouble();
    at::Tensor history, run;
    archive.read("history", history, true);
    const auto* points = history.const_data_ptr<double>();
    for (std::int64_t i = 0; i < history.size(0); ++i) state.history.push_back({points[2 * i], points[2 * i + 1]});
    archive.read("run", run, true);
    const auto* bytes = run.const_data_ptr<std::uint8_t>();
    state.run.assign(bytes, bytes + run.numel());
  });
  return state;
}

void load_weighting(const std::filesystem::path& path, Weighting& weighting) {
  with_archive(path, [&](InputArchive& archive) {
    read_part(archive, "weighting", [&](InputArchive& own) { weighting.load(own); });
  });
}

void load_optimizer(const std::filesystem::path& path, Optimizer& optimizer) {
  with_archive(path, [&](InputArchive& archive) {
    read_part(archive, "optimizer", [&](InputArchive& own) { optimizer.load(own); });
  });
}

}  // namespace residua
