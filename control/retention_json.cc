#include "control/retention_json.h"

#include <string>
#include <utility>

#include "control/json_values.h"
#include "control/ledger_json.h"
#include "control/query_json.h"

namespace tapdeck::control {
namespace {

using namespace retention;

Json named_to_json(const NamedCalls& calls) {
  return Json{{"count", calls.count}, {"uids", uids_to_json(calls.named)}};
}

Json texts_to_json(const std::vector<std::string>& texts) {
  Json json = Json::array();
  for (const std::string& text : texts) json.push_back(to_valid_utf8(text));
  return json;
}

Json order_to_json(const HoldOrderRow& order) {
  return Json{{"sequence", order.sequence},
              {"time", format_rfc3339_us(order.time_us)},
              {"who", text_or_null(order.who)},
              {"reason", text_or_null(order.reason)},
              {"future", order.future ? query_to_json(*order.future) : Json(nullptr)}};
}

Json plan_row_to_json(const PlanRow& row) {
  return Json{{"uid", to_string(row.uid)},
              {"start", format_rfc3339_us(row.start_us)},
              {"class", text_or_null(row.class_name)},
              {"basis", text_or_null(row.basis)},
              {"parts", parts_to_json(row.parts)},
              {"expires", format_rfc3339_us(row.expires_us)},
              {"bytes", row.bytes},
              {"fate", row.fate == Fate::kHeld ? "held" : "goes"},
              {"legal_holds", texts_to_json(row.matters)}};
}

Json erase_call_to_json(const EraseCall& call) {
  return Json{{"uid", to_string(call.uid)},
              {"start", format_rfc3339_us(call.start_us)},
              {"conversation_id", text_or_null(call.conversation_id)},
              {"legal_holds", texts_to_json(call.matters)},
              {"locked", call.locked},
              {"class", text_or_null(call.class_name)},
              {"expires", time_or_null(call.expires_us)},
              {"exports", call.exports},
              {"bytes", call.bytes},
              {"parties", texts_to_json(call.parties)}};
}

Json erase_calls_to_json(const std::vector<EraseCall>& calls) {
  Json json = Json::array();
  for (const EraseCall& call : calls) json.push_back(erase_call_to_json(call));
  return json;
}

// The certificate is JSON already.
Json certificate_to_json(const std::string& certificate) {
  if (certificate.empty()) return nullptr;
  Json json = Json::parse(certificate, nullptr, /*allow_exceptions=*/false);
  return json.is_discarded() ? Json(to_valid_utf8(certificate)) : json;
}

Json journal_row_to_json(const JournalRow& row) {
  return Json{{"sequence", row.sequence},
              {"time", format_rfc3339_us(row.time_us)},
              {"type", text_or_null(row.type)},
              {"uid", row.uid ? Json(to_string(*row.uid)) : Json(nullptr)},
              {"leaf_hash", text_or_null(row.leaf_hash)},
              {"content", row.content ? ledger_content_to_json(*row.content) : Json(nullptr)}};
}

}  // namespace

Json answer_to_json(const HoldAnswer& answer) {
  return Json{{"sequence", answer.sequence},
              {"held", named_to_json(answer.held)},
              {"already_held", named_to_json(answer.already_held)},
              {"not_recorded", named_to_json(answer.not_recorded)},
              {"gone", named_to_json(answer.gone)}};
}

Json answer_to_json(const ReleaseAnswer& answer) {
  return Json{{"sequence", answer.sequence},
              {"released", answer.released},
              {"still_held", answer.still_held}};
}

Json answer_to_json(const std::vector<HoldRow>& matters) {
  Json holds = Json::array();
  for (const HoldRow& matter : matters) {
    Json orders = Json::array();
    for (const HoldOrderRow& order : matter.orders) orders.push_back(order_to_json(order));
    holds.push_back({{"matter", to_valid_utf8(matter.matter)},
                     {"held", matter.held},
                     {"orders", std::move(orders)}});
  }
  return Json{{"holds", std::move(holds)}};
}

Json answer_to_json(const PlanAnswer& answer) {
  Json rows = Json::array();
  for (const PlanRow& row : answer.rows) rows.push_back(plan_row_to_json(row));
  return Json{{"rows", std::move(rows)},
              {"going", answer.going},
              {"bytes_going", answer.bytes_going},
              {"held", answer.held},
              {"bytes_held", answer.bytes_held}};
}

Json answer_to_json(const ApplyAnswer& answer) {
  return Json{{"expired", answer.expired},
              {"held", answer.held},
              {"segments_removed", answer.segments_removed},
              {"bytes_removed", answer.bytes_removed},
              {"bytes_punched", answer.bytes_punched}};
}

Json answer_to_json(const BackupAnswer& answer) {
  return Json{{"destination", to_valid_utf8(answer.destination)},
              {"files", answer.files},
              {"cloned", answer.cloned},
              {"bytes", answer.bytes}};
}

Json answer_to_json(const ExtendAnswer& answer) {
  return Json{{"done", answer.done},
              {"changed", named_to_json(answer.changed)},
              {"unchanged", named_to_json(answer.unchanged)},
              {"refused", named_to_json(answer.refused)},
              {"gone", named_to_json(answer.gone)}};
}

Json answer_to_json(const EraseAnswer& answer) {
  return Json{{"done", answer.done},
              {"going", answer.going},
              {"calls", erase_calls_to_json(answer.calls)},
              {"joined", named_to_json(answer.joined)},
              {"in_the_way", erase_calls_to_json(answer.in_the_way)},
              {"unknown", named_to_json(answer.unknown)},
              {"last_backup", time_or_null(answer.last_backup_us)},
              {"set_aside", answer.set_aside},
              {"certificate", certificate_to_json(answer.certificate)}};
}

Json answer_to_json(const JournalAnswer& answer, std::size_t bytes_max) {
  Json rows = Json::array();
  std::size_t bytes = 0;
  std::uint64_t next_sequence = answer.next_sequence;
  bool more = answer.more;
  for (const JournalRow& row : answer.rows) {
    Json json = journal_row_to_json(row);
    const std::size_t row_bytes = json_line(json).size();
    // The first row always goes: whoever asks again with next_sequence gets on.
    if (bytes != 0 && bytes + row_bytes > bytes_max) {
      next_sequence = row.sequence;
      more = true;
      break;
    }
    bytes += row_bytes;
    rows.push_back(std::move(json));
  }
  return Json{{"rows", std::move(rows)}, {"next_sequence", next_sequence}, {"more", more}};
}

}  // namespace tapdeck::control
