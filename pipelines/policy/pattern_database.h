// All regular expressions of a policy in one Hyperscan database.  The only file pair of this folder
// that knows Hyperscan.
// Threads: the database any after its making; a scratch one.  Memory: the database (its size is in
// bytes()) and a scratch for each evaluator; scan() allocates nothing.  Compiling takes 0.1 to 1 ms
// an expression; the cache (pipelines/policy/pattern_cache.h) saves that.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

struct hs_database;
struct hs_scratch;

namespace tapdeck::policy {

struct Expression {
  std::string text;
  bool caseless = false;

  bool operator==(const Expression&) const = default;
};

class PatternDatabase {
 public:
  // At least one expression; a match is told by its index.  kInvalidArgument: one is wrong, and the
  // message says which.
  static Result<PatternDatabase> compile(std::span<const Expression> expressions);

  // What serialise() gave, by the same library on a processor of the same kind; kCorrupt otherwise.
  static Result<PatternDatabase> deserialise(ByteView bytes);

  [[nodiscard]] Result<std::vector<std::uint8_t>> serialise() const;

  // Names the library's version and what the processor can: databases of others cannot be read.
  static std::string platform();

  [[nodiscard]] std::size_t bytes() const;

 private:
  friend class PatternScratch;

  struct Free {
    void operator()(hs_database* database) const;
  };

  explicit PatternDatabase(hs_database* database) : database_(database) {}

  std::unique_ptr<hs_database, Free> database_;
};

// What one scan needs to remember.
class PatternScratch {
 public:
  static Result<PatternScratch> create(const PatternDatabase& database);

  // take(index) for each expression that fits anywhere in `text`, once each.  `database`: that of
  // create().
  template <typename Take>
  void scan(const PatternDatabase& database, std::string_view text, Take&& take) {
    const auto call = [](void* context, std::uint32_t index) {
      (*static_cast<std::remove_reference_t<Take>*>(context))(index);
    };
    scan_text(database, text, call, &take);
  }

 private:
  using Call = void (*)(void* context, std::uint32_t index);

  struct Free {
    void operator()(hs_scratch* scratch) const;
  };

  explicit PatternScratch(hs_scratch* scratch) : scratch_(scratch) {}

  void scan_text(const PatternDatabase& database, std::string_view text, Call call, void* context);

  std::unique_ptr<hs_scratch, Free> scratch_;
};

// What is wrong with an expression; empty: nothing.
std::string expression_mistake(const Expression& expression);

}  // namespace tapdeck::policy
