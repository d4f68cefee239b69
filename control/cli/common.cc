#include <algorithm>
#include <cstdio>
#include <utility>

#include "control/cli/commands.h"
#include "control/protocol.h"

namespace tapdeck::control {

int report_error(const Error& error) {
  std::fprintf(stderr, "tapdeck: %s\n", error.message.c_str());
  return error.code == ErrorCode::kInvalidArgument ? kExitUsage : kExitFailed;
}

bool write_out(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
}

void add_filter_options(CLI::App& command, FilterWords& words) {
  const auto option = [&](const char* name, std::string& to, const char* type, const char* help) {
    command.add_option(name, to, help)->type_name(type)->group("Filters");
  };
  option("--number",
         words.number,
         "N",
         "Any number of the call (parties, dialled, diverted, asserted, transferred-to): E.164, "
         "local form, or a prefix with '*'");
  option("--caller", words.caller, "N", "The caller's number, same forms");
  option("--callee", words.callee, "N", "The callee's or dialled number, same forms");
  option("--from",
         words.from,
         "T",
         "Started at or after T: RFC 3339, or YYYY-MM-DD in the configured zone");
  option("--to", words.to, "T", "Started before T; a bare date covers that whole day");
  command.add_flag("--overlap", words.overlap, "--from and --to match any part of the call")
      ->group("Filters");
  option("--call-id", words.call_id, "ID", "SIP Call-ID");
  option("--uid", words.uid, "UID", "Tapdeck's own id of the call");
  option("--conversation", words.conversation, "ID", "Calls joined to one conversation");
  option("--outcome",
         words.outcome,
         "NAME",
         "answered, busy, no_answer, cancelled, rejected, failed, redirected or unknown");
  option("--direction", words.direction, "NAME", "inbound, outbound, internal or transit");
  option("--agent", words.agent, "NAME", "Agent");
  option("--client", words.client, "NAME", "Client");
  option("--marketing-channel", words.marketing_channel, "NAME", "Marketing channel");
  option("--trunk", words.trunk, "NAME", "Trunk");
  option("--tag", words.tag, "TAG", "Tag");
  option("--ip", words.ip, "IP", "Address of a party or a media stream");
  option("--codec", words.codec, "NAME", "Codec of a media stream, e.g. PCMA");
  option("--status-code", words.status_code, "CODE", "Final SIP status of the INVITE");
  option("--min-duration",
         words.min_duration,
         "D",
         "Talked at least so long: seconds, or 1500ms, 30s, 5m, 1h30m");
  option("--max-mos", words.max_mos, "MOS", "A stream with an estimated MOS of at most this");
  option("--recording",
         words.recording,
         "STATE",
         "recorded, recorded_with_gaps, not_recorded or pending");
}

Result<std::string> for_each_page(storage::StoreAccess& store,
                                  CallQuery query,
                                  const PageSink& take) {
  std::uint64_t left = query.limit;  // of a limit that is set
  const bool limited = query.limit != 0;
  while (true) {
    query.limit = limited ? static_cast<std::uint32_t>(std::min<std::uint64_t>(left, kPageCallsMax))
                          : kPageCallsMax;
    auto page = store.find_calls(query);
    if (!page) return Error(page.error());
    left -= std::min<std::uint64_t>(left, page->calls.size());
    const bool wants_more = take(*page);
    query.cursor = std::move(page->next_cursor);
    if (!wants_more || query.cursor.empty() || (limited && left == 0)) return query.cursor;
  }
}

}  // namespace tapdeck::control
