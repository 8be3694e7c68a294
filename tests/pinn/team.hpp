#pragma once
#include <barrier>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "pinn/processes.hpp"

namespace residua {

/// What threads that stand for processes add up, in the order of their ranks.
class Team {
 public:
  explicit Team(int size) : size_(size), slots_(std::size_t(size)), barrier_(size) {}

  void sum(int rank, std::span<double> values) {
    slots_[std::size_t(rank)].assign(values.begin(), values.end());
    barrier_.arrive_and_wait();
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = 0;
      for (const auto& slot : slots_) values[i] += slot.at(i);
    }
    barrier_.arrive_and_wait();
  }
  int size() const { return size_; }

 private:
  int size_;
  std::vector<std::vector<double>> slots_;
  std::barrier<> barrier_;
};

class Member : public Processes {
 public:
  Member(Team& team, int rank) : team_(team), rank_(rank) {}
  int rank() const override { return rank_; }
  int size() const override { return team_.size(); }
  void sum(std::span<double> values) override { team_.sum(rank_, values); }

 private:
  Team& team_;
  int rank_;
};

/// What work(process) gives in each of so many processes.
template <class Work>
auto in_team(int size, Work&& work) {
  using Result = decltype(work(std::declval<Processes&>()));
  Team team(size);
  std::vector<Result> results(static_cast<std::size_t>(size));
  std::vector<std::jthread> threads;
  for (int rank = 0; rank < size; ++rank)
    threads.emplace_back([&, rank] {
      Member member(team, rank);
      results[std::size_t(rank)] = work(member);
    });
  threads.clear();  // joins
  return results;
}

}  // namespace residua
