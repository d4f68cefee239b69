// What people say of a call afterwards: `annotate UID key=value`.  The journal keeps the values as
// they were written; here is which there may be, and how they show in the call's record.
//
// Threads: any; pure functions.  Memory: a copy of the record's CallBusiness.  Wrong words:
// kInvalidArgument with a sentence that names key and value and says what is accepted.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/call.h"

namespace tapdeck {

constexpr std::size_t kAnnotationNameBytesMax = 256;  // agent, client, campaign, disposition
constexpr std::size_t kAnnotationNoteBytesMax = 4'000;
constexpr std::size_t kAnnotationTagBytesMax = 64;  // each of at most kCallTagsMax

// "agent, client, campaign, disposition, resolved, csat, revenue, tag, note", for sentences.
std::string_view annotation_keys();

// Keys and values as they may be journalled.  An empty value takes the key away.  resolved: true or
// false; csat: 0 to 100; revenue: any number up to 10^15 either way; tag: tags with commas between
// them, which replace those of before.
Result<void> check_annotation(std::string_view key, std::string_view value);

// Annotations on top of what the record says by itself.  Keys and values that check_annotation()
// would refuse say nothing: another version may have written them.
void apply_annotations(const std::map<std::string, std::string>& annotations, CallRecord& call);

}  // namespace tapdeck
