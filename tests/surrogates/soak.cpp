// Asks one surrogate from several threads, so many points or for so long: soak FILE COUNT|SECONDSs [THREADS], as in
// soak wall.h5 100000000, or soak wall.h5 60s 8. Mostly predictions; with every 64 of them a batch, or derivatives of
// first or second order, or what is left of the equations. Fails if memory grows, or if an answer is ever another than
// at first.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <residua/surrogate.hpp>
#include <span>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/surrogates/count_allocations.hpp"

using residua::kCountsAllocations;
using residua::Surrogate;
using Values = std::vector<double>;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t kPoints = 64;
constexpr int kRounds = 10;

long resident_kib() {
  long size = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident * sysconf(_SC_PAGESIZE) / 1024;
}

/// A surrogate, and what it is asked about.
struct Subject {
  const Surrogate& surrogate;
  std::vector<Values> points;
  Values rows;                ///< the same points, [input][kPoints]
  Values weights, direction;  ///< of products with derivatives

  std::size_t inputs() const { return surrogate.inputs().size(); }
  std::size_t outputs() const { return surrogate.outputs().size(); }
};

Subject subject_of(const Surrogate& surrogate) {
  Subject s{surrogate, std::vector<Values>(kPoints), {}, {}, {}};
  for (std::size_t i = 0; i < s.inputs(); ++i) {
    const residua::Variable& v = surrogate.inputs()[i];
    for (std::size_t p = 0; p < kPoints; ++p) {
      const double share =
          (double((p * (2 * i + 3)) % kPoints) + 0.5) / kPoints;  // physics may be singular on the edge
      s.points[p].push_back(v.lower + (v.upper - v.lower) * share);
      s.rows.push_back(s.points[p].back());
    }
    s.direction.push_back((v.upper - v.lower) * (i % 2 ? -0.4 : 0.6));
  }
  for (std::size_t o = 0; o < s.outputs(); ++o) s.weights.push_back(o % 2 ? -0.7 : 1.3);
  return s;
}

/// Something to be asked at point p. All of an answer goes into one row of numbers, the outputs first.
struct Question {
  const char* name;
  std::size_t (*size)(const Subject&);
  void (*ask)(const Subject&, std::size_t p, std::span<double> answer);
};

/// Of so many points only, so that the last register is full or not.
void ask_batch(const Subject& s, std::size_t p, std::span<double> answer) {
  constexpr auto kRow = std::ptrdiff_t(kPoints);
  std::fill(answer.begin(), answer.end(), 0);
  s.surrogate.predict(kPoints - p % 8, residua::Strided<const double>{s.rows.data(), kRow, 1},
                      residua::Strided<double>{answer.data(), kRow, 1});
}

void ask_hvp(const Subject& s, std::size_t p, std::span<double> answer) {
  const std::size_t i = s.inputs(), o = s.outputs();
  s.surrogate.hvp(s.points[p], s.weights, s.direction, answer.first(o), answer.subspan(o, i), answer.last(i));
}

const Question kPrediction = {
    "prediction", [](const Subject& s) { return s.outputs(); },
    [](const Subject& s, std::size_t p, std::span<double> answer) { s.surrogate.predict(s.points[p], answer); }};

const Question kOthers[] = {
    {"batch", [](const Subject& s) { return s.outputs() * kPoints; }, ask_batch},
    {"Jacobian", [](const Subject& s) { return s.outputs() * (1 + s.inputs()); },
     [](const Subject& s, std::size_t p, std::span<double> answer) {
       s.surrogate.jacobian(s.points[p], answer.first(s.outputs()), answer.subspan(s.outputs()));
     }},
    {"vector-Jacobian product", [](const Subject& s) { return s.outputs() + s.inputs(); },
     [](const Subject& s, std::size_t p, std::span<double> answer) {
       s.surrogate.vjp(s.points[p], s.weights, answer.first(s.outputs()), answer.subspan(s.outputs()));
     }},
    {"Hessian-vector product", [](const Subject& s) { return s.outputs() + 2 * s.inputs(); }, ask_hvp},
    {"Hessian", [](const Subject& s) { return s.outputs() * (1 + s.inputs() * s.inputs()); },
     [](const Subject& s, std::size_t p, std::span<double> answer) {
       s.surrogate.hessian(s.points[p], answer.first(s.outputs()), answer.subspan(s.outputs()));
     }},
    {"residual", [](const Subject& s) { return s.surrogate.equations(); },
     [](const Subject& s, std::size_t p, std::span<double> answer) { s.surrogate.residual(s.points[p], answer); }},
};

/// A question with its answers at all points, as they were at first.
struct Known {
  const Question* question;
  std::vector<Values> answers;
};

Known known_of(const Subject& subject, const Question& question) {
  Known known{&question, {}};
  for (std::size_t p = 0; p < kPoints; ++p) {
    known.answers.emplace_back(question.size(subject));
    question.ask(subject, p, known.answers.back());
  }
  return known;
}

/// One thread's side of it: room for answers, so that asking allocates nothing.
class Asker {
 public:
  Asker(const Subject& subject, const std::vector<Known>& known) : subject_(subject), known_(known) {
    for (const Known& k : known) room_.emplace_back(k.answers[0].size());
  }

  /// Asks for predictions at all points, and one of the other questions, another each time. The name of a question
  /// whose answer was not that of the first time, or null.
  const char* ask() {
    const std::size_t turn = turn_++;
    for (std::size_t p = 0; p < kPoints; ++p)
      if (!same(0, p)) return known_[0].question->name;
    const std::size_t other = 1 + turn % (known_.size() - 1);
    return same(other, turn % kPoints) ? nullptr : known_[other].question->name;
  }

 private:
  bool same(std::size_t k, std::size_t p) {
    known_[k].question->ask(subject_, p, room_[k]);
    return room_[k] == known_[k].answers[p];
  }

  const Subject& subject_;
  const std::vector<Known>& known_;
  std::vector<Values> room_;
  std::size_t turn_ = 0;
};

/// How much to ask: so many predictions, or for so many seconds.
struct Effort {
  double predictions = std::numeric_limits<double>::infinity(), seconds = std::numeric_limits<double>::infinity();
};

/// Throws Error for what is neither "100000" nor "60s".
Effort effort_of(const char* text) {
  char* end = nullptr;
  const double number = std::strtod(text, &end);
  const std::string_view unit = end;
  if (end == text || !(number > 0 && number < 1e15) || !(unit.empty() || unit == "s"))
    throw residua::Error(std::string("expected a number of predictions, or of seconds as in 60s, found '") + text +
                         "'");
  return unit.empty() ? Effort{.predictions = number} : Effort{.seconds = number};
}

/// All threads, and what they found.
struct Soak {
  const Subject& subject;
  const std::vector<Known>& known;
  int threads;
  std::atomic<long> predictions = 0;
  std::atomic<const char*> differs = nullptr;

  void one_thread(const Effort& share) {
    Asker asker(subject, known);
    const auto end = Clock::now() + std::chrono::duration<double>(std::min(share.seconds, 1e9));
    for (double asked = 0; asked < share.predictions && Clock::now() < end && !differs; asked += kPoints) {
      if (const char* wrong = asker.ask()) differs = wrong;
      predictions += kPoints;
    }
  }

  void round(const Effort& effort) {
    const Effort share{effort.predictions / kRounds / threads, effort.seconds / kRounds};
    std::vector<std::thread> all;
    for (int t = 0; t < threads; ++t) all.emplace_back([&] { one_thread(share); });
    for (std::thread& thread : all) thread.join();
  }
};

/// Whether nothing grew and nothing changed.
bool soak(const Surrogate& surrogate, const Effort& effort, int threads) {
  const Subject subject = subject_of(surrogate);
  std::vector<Known> known{known_of(subject, kPrediction)};
  for (const Question& question : kOthers) known.push_back(known_of(subject, question));
  Soak all{.subject = subject, .known = known, .threads = threads};
  all.round(effort);  // the first use of each thread's stack
  const long before = resident_kib();
  for (int k = 1; k < kRounds; ++k) all.round(effort);
  const long grown = resident_kib() - before;
  const char* differs = all.differs;
  std::printf("%ld predictions with batches and derivatives on %d threads, %ld KiB more than at the start, %s\n",
              all.predictions.load(), threads, grown, differs ? "ANOTHER ANSWER:" : "answers the same");
  if (differs) std::fprintf(stderr, "a %s was not the same as at first\n", differs);
  return !differs && (grown <= 256 || !kCountsAllocations);  // a sanitizer keeps books of its own
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3 || argc > 4) throw residua::Error("usage: soak FILE COUNT|SECONDSs [THREADS]");
  const int threads = argc > 3 ? std::atoi(argv[3]) : int(std::thread::hardware_concurrency());
  return soak(Surrogate(argv[1]), effort_of(argv[2]), std::max(threads, 1)) ? 0 : 1;
} catch (const residua::Error& error) {
  std::fprintf(stderr, "soak: %s\n", error.what());
  return 2;
}
