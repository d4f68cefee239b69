#include "control/call_report.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "control/journaled_store.h"

namespace tapdeck::control {
namespace {

// The durability of the stream that a media row (as JSON) describes, or null.
Json durable_until_of(const Json& media, const Json& durability) {
  for (const Json& stream : durability) {
    if (stream["src"] == media["src"] && stream["dst"] == media["dst"] &&
        stream["ssrc"] == media["ssrc"]) {
      return stream["durable_until"];
    }
  }
  return nullptr;
}

Json version_to_json(const CallRecord& call) {
  const Json whole = call_to_json(call);
  Json json = Json::object();
  for (const char* name : {"version", "final", "state", "answered", "ended", "outcome"}) {
    json[name] = whole[name];
  }
  return json;
}

}  // namespace

Result<CallReport> read_call_report(storage::StoreAccess& store, const Uid& uid) {
  CallReport report;
  auto call = store.get_call(uid);
  if (!call) {
    if (call.error().code != ErrorCode::kNotFound) return Error(call.error());
    return make_error(ErrorCode::kNotFound, "There is no call " + to_string(uid) + " here.");
  }
  report.call = std::move(*call);
  auto versions = store.get_versions(uid);
  if (!versions) return Error(versions.error());
  report.versions = std::move(*versions);
  const auto walked = store.read_messages(uid, [&](const storage::MessageRecord& message) {
    report.messages.push_back(message);
    return true;
  });
  if (!walked && walked.error().code == kAccessRefused) return Error(walked.error());
  if (!walked) {
    report.faults.push_back("Messages: " + walked.error().message);
  }
  auto durability = store.durability(uid);
  if (durability) {
    report.durability = std::move(*durability);
  } else if (durability.error().code != ErrorCode::kNotFound) {
    report.faults.push_back("Durability: " + durability.error().message);
  }
  report.conversation = read_conversation(store, report.call, report.faults);
  return report;
}

Json report_to_json(const CallReport& report) {
  Json durability = Json::array();
  for (const auto& stream : report.durability) durability.push_back(durability_to_json(stream));
  Json json = call_to_json(report.call);
  for (Json& media : json["media"]) media["durable_until"] = durable_until_of(media, durability);
  Json messages = Json::array();
  for (const auto& message : report.messages) messages.push_back(message_to_json(message));
  Json versions = Json::array();
  for (const CallRecord& call : report.versions) versions.push_back(version_to_json(call));
  Json faults = Json::array();
  for (const std::string& fault : report.faults) faults.push_back(fault);
  json["messages"] = std::move(messages);
  json["durability"] = std::move(durability);
  json["versions"] = std::move(versions);
  json["conversation"] = conversation_to_json(report.call, report.conversation);
  json["faults"] = std::move(faults);
  return json;
}

}  // namespace tapdeck::control
