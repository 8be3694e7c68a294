#include "pinn/interrupt.hpp"

#include <csignal>
#include <initializer_list>

namespace residua {
namespace {

volatile std::sig_atomic_t noted = 0;

void note(int signal) { noted = signal; }

void handle(void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = int(SA_RESETHAND) | SA_RESTART;
  for (const int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
}

}  // namespace

InterruptGuard::InterruptGuard() {
  noted = 0;
  handle(note);
}

InterruptGuard::~InterruptGuard() { handle(SIG_DFL); }

int InterruptGuard::signal() { return noted; }

}  // namespace residua
