#include "pipelines/policy/pattern_database.h"

#include <cstdlib>
#include <limits>

#include <hs/hs.h>

#include "base/assert.h"

namespace tapdeck::policy {
namespace {

unsigned flags_of(const Expression& expression) {
  // An expression that fits nothing at all, like /a*/, fits everywhere.
  const unsigned flags = HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY;
  return expression.caseless ? flags | HS_FLAG_CASELESS : flags;
}

std::string take_message(hs_compile_error* error) {
  std::string message = error == nullptr ? "out of memory" : error->message;
  ::hs_free_compile_error(error);
  while (message.ends_with('.')) message.pop_back();
  return message;
}

struct Context {
  void (*call)(void* context, std::uint32_t index);
  void* context;
};

int note_match(unsigned id, unsigned long long, unsigned long long, unsigned, void* to) {
  const auto* context = static_cast<const Context*>(to);
  context->call(context->context, id);
  return 0;
}

}  // namespace

void PatternDatabase::Free::operator()(hs_database* database) const {
  ::hs_free_database(database);
}

void PatternScratch::Free::operator()(hs_scratch* scratch) const { ::hs_free_scratch(scratch); }

Result<PatternDatabase> PatternDatabase::compile(std::span<const Expression> expressions) {
  TD_ASSERT(!expressions.empty());
  std::vector<const char*> texts;
  std::vector<unsigned> flags;
  std::vector<unsigned> ids;
  for (const Expression& expression : expressions) {
    texts.push_back(expression.text.c_str());
    flags.push_back(flags_of(expression));
    ids.push_back(static_cast<unsigned>(ids.size()));
  }
  hs_database* database = nullptr;
  hs_compile_error* error = nullptr;
  const hs_error_t status = ::hs_compile_multi(texts.data(),
                                               flags.data(),
                                               ids.data(),
                                               static_cast<unsigned>(texts.size()),
                                               HS_MODE_BLOCK,
                                               nullptr,
                                               &database,
                                               &error);
  if (status == HS_SUCCESS) return PatternDatabase(database);
  const int at = error == nullptr ? -1 : error->expression;
  const bool is_known = at >= 0 && static_cast<std::size_t>(at) < texts.size();
  const std::string which =
      is_known ? "the expression /" + expressions[static_cast<std::size_t>(at)].text + "/"
               : "the expressions";
  return make_error(ErrorCode::kInvalidArgument,
                    which + " cannot be compiled: " + take_message(error));
}

Result<PatternDatabase> PatternDatabase::deserialise(ByteView bytes) {
  hs_database* database = nullptr;
  const hs_error_t status = ::hs_deserialize_database(
      reinterpret_cast<const char*>(bytes.data()), bytes.size(), &database);
  if (status == HS_SUCCESS) return PatternDatabase(database);
  return make_error(ErrorCode::kCorrupt, "the patterns are of another library or processor");
}

Result<std::vector<std::uint8_t>> PatternDatabase::serialise() const {
  char* bytes = nullptr;
  std::size_t length = 0;
  if (::hs_serialize_database(database_.get(), &bytes, &length) != HS_SUCCESS) {
    return make_error(ErrorCode::kResources, "no memory to write the patterns");
  }
  const auto* begin = reinterpret_cast<const std::uint8_t*>(bytes);
  std::vector<std::uint8_t> copy(begin, begin + length);
  std::free(bytes);  // NOLINT: the library took it from malloc()
  return copy;
}

std::string PatternDatabase::platform() {
  hs_platform_info info{};
  ::hs_populate_platform(&info);
  return std::string(::hs_version()) + " " + std::to_string(info.tune) + " " +
         std::to_string(info.cpu_features);
}

std::size_t PatternDatabase::bytes() const {
  std::size_t size = 0;
  ::hs_database_size(database_.get(), &size);
  return size;
}

Result<PatternScratch> PatternScratch::create(const PatternDatabase& database) {
  hs_scratch* scratch = nullptr;
  if (::hs_alloc_scratch(database.database_.get(), &scratch) != HS_SUCCESS) {
    return make_error(ErrorCode::kResources, "no memory for the scratch of Hyperscan");
  }
  return PatternScratch(scratch);
}

void PatternScratch::scan_text(const PatternDatabase& database,
                               std::string_view text,
                               Call call,
                               void* context) {
  if (text.size() > std::numeric_limits<unsigned>::max()) return;
  Context to{call, context};
  ::hs_scan(database.database_.get(),
            text.data(),
            static_cast<unsigned>(text.size()),
            0,
            scratch_.get(),
            note_match,
            &to);
}

std::string expression_mistake(const Expression& expression) {
  hs_expr_info* info = nullptr;
  hs_compile_error* error = nullptr;
  const hs_error_t status =
      ::hs_expression_info(expression.text.c_str(), flags_of(expression), &info, &error);
  std::free(info);  // NOLINT: the library took it from malloc()
  return status == HS_SUCCESS ? std::string() : take_message(error);
}

}  // namespace tapdeck::policy
