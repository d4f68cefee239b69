// Answers questions each in a process of its own that has done nothing else before: for what caches
// and threads of this one would spoil.  Works by a child made early, which makes the others.
// Threads: construct before the process has any.  Memory: little.  Failing: an empty answer.
#pragma once

#include <functional>
#include <string>
#include <sys/types.h>

namespace tapdeck::load {

class FreshProcess {
 public:
  using Answer = std::function<std::string(const std::string& question)>;

  explicit FreshProcess(Answer answer);
  ~FreshProcess();
  FreshProcess(const FreshProcess&) = delete;
  FreshProcess& operator=(const FreshProcess&) = delete;

  // At most 4 KiB each way.
  std::string ask(const std::string& question);

 private:
  void serve(const Answer& answer) const;

  int channel_[2] = {-1, -1};
  pid_t child_ = -1;
};

}  // namespace tapdeck::load
