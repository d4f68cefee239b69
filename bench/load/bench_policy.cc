#include "bench/load/bench_policy.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "base/bytes.h"
#include "bench/traffic/random.h"
#include "pipelines/policy/policy_file.h"
#include "storage/files.h"

namespace tapdeck::load {
namespace {

constexpr std::uint32_t kRulesForAnExpression = 20;
constexpr std::uint32_t kNumbers = 1'000'000;  // of whom some have rules
constexpr std::uint8_t kEventType = 101;       // as the generator's SDP says
constexpr std::array kKeys = {"number", "caller", "callee"};

std::string number_pattern(std::uint32_t rule, std::uint32_t number) {
  const std::string digits = fmt::format("+4930{:07}", number);
  if (rule % 10 == 8) return digits.substr(0, digits.size() - 3) + "*";
  if (rule % 10 == 9) {
    const std::string head = digits.substr(0, digits.size() - 2);
    return head + "00.." + head + "99";
  }
  return digits;
}

std::string expression_match(std::uint32_t expression, std::uint32_t drawn) {
  if (expression % 2 == 0) {
    return fmt::format("{{callee: '/^\\+4989[0-9]{{2}}{:03}[0-9]*$/'}}", drawn % 1'000);
  }
  return fmt::format("{{header: {{User-Agent: '/generator-{}\\.[0-9]+/'}}}}", expression);
}

// Removed at the end.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text) : file_(mkstemp(path_.data())) {
    if (file_.valid()) written_ = storage::write_fully(file_.get(), as_bytes(text), 0);
  }

  ~TemporaryFile() {
    if (file_.valid()) unlink(path_.c_str());
  }

  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  [[nodiscard]] bool written() const { return written_; }

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/tapdeck-bench-policies-XXXXXX";
  storage::Descriptor file_;
  bool written_ = false;
};

}  // namespace

std::string policy_text(std::uint32_t rules, std::uint64_t seed) {
  traffic::Random random(seed);
  std::string text = "rules:\n";
  const auto add = [&text](const std::string& name, const std::string& match) {
    text += "  - name: " + name + "\n    match: " + match + "\n    record: audio\n";
  };
  for (std::uint32_t rule = 0; rule < rules; ++rule) {
    const std::string pattern = number_pattern(rule, random.below(kNumbers));
    add(fmt::format("number {}", rule),
        fmt::format("{{{}: \"{}\"}}", kKeys[rule % kKeys.size()], pattern));
    if (rule % kRulesForAnExpression != 0) continue;
    const std::uint32_t expression = rule / kRulesForAnExpression;
    add(fmt::format("expression {}", expression),
        expression_match(expression, random.below(kNumbers)));
  }
  return text;
}

Result<calls::PolicySources> load_bench_policy(std::uint32_t rules, std::uint64_t seed) {
  const TemporaryFile file(policy_text(rules, seed));
  if (!file.written()) {
    return make_errno_error(ErrorCode::kIo, file.path() + " cannot be written", errno);
  }
  policy::CompileOptions compile;
  compile.seed = seed;
  auto set = policy::load_policy_set(file.path(), {}, compile);
  if (!set) return Error(std::move(set.error()));
  auto evaluator = policy::Evaluator::create(*set);
  if (!evaluator) return Error(std::move(evaluator.error()));
  calls::PolicySources sources;
  sources.set = std::move(*set);
  sources.evaluator = std::make_shared<policy::Evaluator>(std::move(*evaluator));
  return sources;
}

void decide_binding(policy::Evaluator& evaluator, std::uint32_t call, BindMessage& message) {
  const std::string caller = fmt::format("4930{:07}", call % 10'000'000);
  const std::string caller_e164 = "+" + caller;
  const std::string callee = fmt::format("4989{:07}", call * 7'919ULL % 10'000'000);
  const std::string callee_e164 = "+" + callee;
  policy::CallFacts facts;
  facts.caller = {caller, caller_e164};
  facts.callee = {callee, callee_e164};
  facts.call_id = caller;
  const policy::Decision decision = evaluator.evaluate(facts);
  message.keep = decision.record != config::RecordChoice::kNone;
  message.mask_keys = decision.actions->mask_dtmf;
  message.retention_class = decision.actions->retention_class;
  message.dtmf_to.events.add(kEventType);
  message.dtmf_from.events.add(kEventType);
}

}  // namespace tapdeck::load
