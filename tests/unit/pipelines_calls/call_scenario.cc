#include "tests/unit/pipelines_calls/call_scenario.h"

#include <gtest/gtest.h>

namespace tapdeck::calls {

std::string Sip::text() const {
  std::string text = status == 0 ? method + " " + uri + " SIP/2.0\r\n"
                                 : "SIP/2.0 " + std::to_string(status) + " " + phrase + "\r\n";
  text += "Via: SIP/2.0/UDP 10.1.0.1;branch=" + branch + "\r\n";
  for (int i = 1; i < vias; ++i) {
    text += "Via: SIP/2.0/UDP 10.9.0." + std::to_string(i) + ";branch=z9hG4bKhop\r\n";
  }
  text += "From: " + from + ";tag=" + from_tag + "\r\n";
  text += "To: " + to + (to_tag.empty() ? "" : ";tag=" + to_tag) + "\r\n";
  text += "Call-ID: " + call_id + "\r\n";
  text += "CSeq: " + std::to_string(cseq) + " " + method + "\r\n";
  text += headers;
  if (!sdp.empty()) text += "Content-Type: " + type + "\r\n";
  text += "Content-Length: " + std::to_string(sdp.size()) + "\r\n\r\n" + sdp;
  return text;
}

std::string sdp(const std::vector<Line>& lines) {
  std::string text = "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nt=0 0\r\n";
  for (const Line& line : lines) {
    text += "m=" + line.media + " " + std::to_string(line.port) + " " + line.proto + " " +
            line.formats + "\r\nc=IN IP4 " + line.ip + "\r\n" + line.attributes;
  }
  return text;
}

Line callee_line(std::string attributes) {
  return {.ip = "10.0.0.2", .port = 5000, .attributes = std::move(attributes)};
}

Rtp caller_stream(double first, double last) {
  return {.source = "10.0.0.1:4000",
          .destination = "10.0.0.2:5000",
          .first = first,
          .last = last,
          .sender = 0,
          .receiver = 1,
          .ssrc = 0xa};
}

Rtp callee_stream(double first, double last) {
  return {.source = "10.0.0.2:5000",
          .destination = "10.0.0.1:4000",
          .first = first,
          .last = last,
          .receiver = 0,
          .ssrc = 0xb};
}

Scenario::Scenario(CallPlaneOptions options) {
  options.hold_back_ns = 0;
  options.port_names = {"span0"};
  options.realm_names = {"default"};
  plane = CallPlane::create(std::move(options), *this);
}

void Scenario::bind(const BindMessage& message) {
  binds.push_back(message);
  order.emplace_back("bind");
}

void Scenario::keep_messages(const Uid&, std::uint16_t, std::string bytes) {
  kept_bytes += bytes;
  order.emplace_back("keep");
}

void Scenario::put_call(CallRecord record) {
  order.emplace_back(record.final ? "final" : "put");
  records.push_back(std::move(record));
}

void Scenario::pass(double time_s,
                    const Sip& sip,
                    const std::string& source,
                    const std::string& to) {
  const std::string text = sip.text();
  SignalMessage message;
  message.time_ns = at_ns(time_s);
  message.order = ++next_order;
  message.source = {*parse_ip(source), 5060};
  message.destination = {*parse_ip(to), 5060};
  message.length = static_cast<std::uint32_t>(text.size());
  message.bytes = as_bytes(text).data();
  plane->on_message(message);
  advance(time_s);
}

void Scenario::pass_bytes(double time_s, const std::string& text) {
  SignalMessage message;
  message.time_ns = at_ns(time_s);
  message.length = static_cast<std::uint32_t>(text.size());
  message.bytes = as_bytes(text).data();
  plane->on_message(message);
  advance(time_s);
}

void Scenario::stream(double time_s, const Rtp& rtp) {
  advance(time_s);
  ASSERT_FALSE(binds.empty());
  StreamReport report;
  report.kind = rtp.report;
  report.key = rtp.key;
  report.media_kind = rtp.kind;
  report.sender = rtp.sender;
  report.receiver = rtp.receiver;
  report.media_index = rtp.media_index;
  report.call = binds.back().call;
  report.source = *parse_endpoint(rtp.source);
  report.destination = *parse_endpoint(rtp.destination);
  report.ssrc = rtp.ssrc;
  report.statistics.packet_count = rtp.packets;
  report.statistics.expected_count = rtp.expected;
  report.statistics.duplicate_count = rtp.duplicates;
  report.statistics.lost_by_us_count = rtp.lost_by_us;
  report.statistics.first_ns = at_ns(rtp.first);
  report.statistics.last_ns = at_ns(rtp.last);
  report.statistics.payload_type_count = rtp.kind == MediaKind::kFax ? 0 : 1;
  report.statistics.payload_types[0] = {rtp.payload_type, static_cast<std::uint32_t>(rtp.packets)};
  for (const Loss& loss : rtp.losses) {
    report.losses[static_cast<std::size_t>(loss.cause)].add(
        at_ns(loss.from), at_ns(loss.to), loss.packets);
  }
  plane->on_report(report);
}

void Scenario::advance(double time_s) {
  plane->advance(at_ns(time_s));
  release();
}

void Scenario::finish(double time_s) {
  plane->finish(at_ns(time_s));
  release();
}

void Scenario::release() {
  if (!answer_releases) return;
  while (released_ < binds.size()) {
    const BindMessage bound = binds[released_++];
    if (bound.operation != BindOperation::kRelease) continue;
    StreamReport report;
    report.kind = StreamReportKind::kReleased;
    report.call = bound.call;
    plane->on_report(report);
  }
}

void Scenario::establish(double time_s) {
  from_caller(time_s, {.sdp = sdp({{}})});
  from_callee(time_s + 1, {.status = 180, .to_tag = "bob"});
  from_callee(time_s + 3, {.status = 200, .to_tag = "bob", .sdp = sdp({callee_line()})});
  from_caller(time_s + 3.1, {.method = "ACK", .to_tag = "bob", .branch = "z9hG4bKack"});
}

void Scenario::renegotiate(double time_s, const Renegotiation& what) {
  Sip sip{.method = what.method, .cseq = what.cseq, .to_tag = "bob"};
  sip.branch = "z9hG4bKre" + std::to_string(what.cseq);
  sip.sdp = sdp({what.offer});
  from_caller(time_s, sip);
  sip.status = 200;
  sip.sdp = sdp({what.answer});
  from_callee(time_s + 0.5, sip);
  if (what.method != "INVITE") return;
  Sip ack{.method = "ACK", .cseq = what.cseq, .to_tag = "bob"};
  ack.branch = "z9hG4bKack" + std::to_string(what.cseq);
  from_caller(time_s + 0.6, ack);
}

void Scenario::hang_up(double time_s, bool by_caller) {
  if (by_caller) {
    from_caller(time_s, {.method = "BYE", .cseq = 90, .to_tag = "bob", .branch = "z9hG4bKbye"});
    from_callee(
        time_s + 0.1,
        {.method = "BYE", .status = 200, .cseq = 90, .to_tag = "bob", .branch = "z9hG4bKbye"});
  } else {
    Sip bye{.method = "BYE", .cseq = 7, .from_tag = "bob", .to_tag = "alice"};
    bye.branch = "z9hG4bKbye2";
    from_callee(time_s, bye);
    bye.status = 200;
    from_caller(time_s + 0.1, bye);
  }
}

std::vector<CallRecord> Scenario::finals() const {
  std::vector<CallRecord> found;
  for (const CallRecord& record : records) {
    if (record.final) found.push_back(record);
  }
  return found;
}

std::map<std::string, CallRecord> Scenario::finals_by_call_id() const {
  std::map<std::string, CallRecord> found;
  for (CallRecord& call : finals()) found[call.call_id] = std::move(call);
  return found;
}

CallRecord Scenario::final_record() const {
  const std::vector<CallRecord> found = finals();
  EXPECT_EQ(found.size(), 1U);
  return found.empty() ? CallRecord{} : found.front();
}

std::vector<storage::MessageRecord> Scenario::kept() const {
  std::vector<storage::MessageRecord> messages;
  Cursor cursor(as_bytes(kept_bytes));
  while (auto message = storage::read_message_record(cursor)) messages.push_back(*message);
  EXPECT_FALSE(cursor.failed());
  return messages;
}

void Scenario::go_on(const Scenario& before,
                     const CallRecord& told,
                     const std::vector<StreamReport>& media,
                     double time_s) {
  const std::vector<storage::MessageRecord> kept = before.kept();
  std::vector<SignalMessage> messages;
  for (const storage::MessageRecord& record : kept) {
    SignalMessage message;
    message.time_ns = record.time_us * 1000;
    message.source = record.source;
    message.destination = record.destination;
    message.realm = record.realm;
    message.length = static_cast<std::uint32_t>(record.bytes.size());
    message.bytes = as_bytes(record.bytes).data();
    messages.push_back(message);
  }
  plane->reload(told, {messages, media}, at_ns(time_s));
}

void Scenario::hold(const std::string& headers) {
  Sip hold{.cseq = 2, .to_tag = "bob", .branch = "z9hG4bKhold"};
  hold.sdp = sdp({{.attributes = "a=sendonly\r\n"}});
  from_caller(11, hold);
  hold.status = 200;
  hold.headers = headers;
  hold.sdp = sdp({{.ip = "10.0.0.2", .port = 5000, .attributes = "a=recvonly\r\n"}});
  from_callee(11.5, hold);
}

std::vector<std::string> Scenario::bindings() const {
  std::vector<std::string> lines;
  for (const BindMessage& message : binds) {
    switch (message.operation) {
      case BindOperation::kBind: lines.push_back("bind " + to_string(message.address)); break;
      case BindOperation::kUnbind: lines.push_back("unbind " + to_string(message.address)); break;
      case BindOperation::kRelease: lines.emplace_back("release"); break;
      case BindOperation::kRefuse: lines.emplace_back("refuse"); break;
      case BindOperation::kCut: lines.emplace_back("cut"); break;
      case BindOperation::kRestore: lines.emplace_back("restore"); break;
      default: lines.emplace_back("other"); break;
    }
  }
  return lines;
}

std::uint64_t Scenario::rejected(const std::string& name) const {
  for (const auto& [reason, count] : plane->figures().rejected) {
    if (reason == name) return count;
  }
  return 0;
}

std::uint64_t Scenario::event_count(const std::string& name) const {
  for (const auto& [row, count] : plane->figures().events) {
    if (row == name) return count;
  }
  return UINT64_MAX;
}

}  // namespace tapdeck::calls
