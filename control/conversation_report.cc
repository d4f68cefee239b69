#include "control/conversation_report.h"

#include <algorithm>
#include <utility>

#include "control/ladder.h"
#include "control/text.h"

namespace tapdeck::control {
namespace {

std::string number_of(const CallRecord& call, const std::optional<std::uint8_t>& index) {
  if (!index || *index >= call.parties.size()) return "-";
  const CallParty& party = call.parties[*index];
  const std::string& number = party.e164.empty() ? party.number : party.e164;
  return to_printable(number.empty() ? party.uri : number);
}

std::string joined_by_of(const CallRecord& call) {
  return call.joined_by_method.empty() ? "-" : call.joined_by_method;
}

struct LeggedMessage {
  const ConversationLeg* leg;
  const storage::MessageRecord* message;
};

std::vector<LeggedMessage> in_order(const ConversationReport& report) {
  std::vector<LeggedMessage> messages;
  for (const ConversationLeg& leg : report.legs) {
    for (const auto& message : leg.messages) messages.push_back({&leg, &message});
  }
  std::stable_sort(messages.begin(), messages.end(), [](const auto& a, const auto& b) {
    return a.message->time_us < b.message->time_us;
  });
  return messages;
}

}  // namespace

ConversationReport read_conversation(storage::StoreAccess& store,
                                     const CallRecord& call,
                                     std::vector<std::string>& faults) {
  ConversationReport report;
  if (call.conversation_id.empty()) return report;
  CallQuery query;
  query.conversation_id = call.conversation_id;
  query.limit = kLegsShownMax;
  auto page = store.find_calls(query);
  if (!page) {
    faults.push_back("Conversation: " + page.error().message);
    return report;
  }
  if (page->calls.size() < 2) return report;
  report.more = !page->next_cursor.empty();
  for (CallRecord& leg : page->calls) {
    ConversationLeg& added = report.legs.emplace_back();
    added.name = "L" + std::to_string(report.legs.size());
    added.call = std::move(leg);
    const auto walked =
        store.read_messages(added.call.uid, [&added](const storage::MessageRecord& message) {
          added.messages.push_back(message);
          return true;
        });
    if (!walked && walked.error().code != ErrorCode::kNotFound) {
      faults.push_back("Messages of " + to_string(added.call.uid) + ": " + walked.error().message);
    }
  }
  return report;
}

Json conversation_to_json(const CallRecord& call, const ConversationReport& report) {
  if (report.legs.empty()) return nullptr;
  Json legs = Json::array();
  for (const ConversationLeg& leg : report.legs) {
    const Json whole = call_to_json(leg.call);
    Json json = Json::object();
    json["leg"] = leg.name;
    json["call"] = whole["uid"];
    for (const char* name : {"call_id", "joined_by", "start", "caller", "callee", "outcome"}) {
      json[name] = whole[name];
    }
    legs.push_back(std::move(json));
  }
  Json messages = Json::array();
  for (const LeggedMessage& each : in_order(report)) {
    Json json = Json::object();
    json["leg"] = each.leg->name;
    json.update(message_to_json(*each.message));
    messages.push_back(std::move(json));
  }
  Json json = Json::object();
  json["id"] = to_valid_utf8(call.conversation_id);
  json["more"] = report.more;
  json["legs"] = std::move(legs);
  json["messages"] = std::move(messages);
  return json;
}

std::string conversation_to_text(const CallRecord& call, const ConversationReport& report) {
  std::vector<std::vector<std::string>> rows;
  std::vector<LadderLeg> ladder;
  for (const ConversationLeg& leg : report.legs) {
    const bool is_it = leg.call.uid == call.uid;
    rows.push_back({"  " + leg.name + (is_it ? " *" : ""),
                    number_of(leg.call, leg.call.caller),
                    number_of(leg.call, leg.call.callee),
                    std::string(call_outcome_name(leg.call.outcome)),
                    joined_by_of(leg.call),
                    to_string(leg.call.uid)});
    ladder.push_back({leg.name, leg.messages, leg.call.media});
  }
  return Table({{"  LEG", Align::kLeft},
                {"CALLER", Align::kLeft},
                {"CALLEE", Align::kLeft},
                {"OUTCOME", Align::kLeft},
                {"JOINED BY", Align::kLeft},
                {"UID", Align::kLeft}})
             .render(rows) +
         (report.more ? "  and more legs\n" : "") + "\n" +
         render_ladder(ladder, report.legs.front().call.key_time_us());
}

}  // namespace tapdeck::control
