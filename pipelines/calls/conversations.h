// Which calls are legs of one conversation: those that share a Session-ID, an icid, a header field
// that the configuration names, or that an INVITE with Replaces or a REFER ties together.  A
// conversation is named after its first call, from the first message on that could join others to
// it: a call that is long over need not be told when another leg turns up.
//
// Session-ID decides alone where both have one: an icid or a header that says otherwise is not
// believed.  When more calls share an icid or a header than a conversation may have legs, what it
// joined is parted again and it joins nothing more: some proxy gives every call the same.
// Threads: the call-plane thread.  Memory: one entry per conversation with an open call, and of
// those without for keep_ns, all together at most conversations_max: the one idle longest goes
// first, counted.
// RFC 7989, 7315.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/pool_allocator.h"
#include "model/binding.h"
#include "pipelines/calls/call_plane.h"
#include "pipelines/calls/claims_facts.h"
#include "pipelines/calls/hash_index.h"
#include "pipelines/calls/message_facts.h"
#include "pipelines/calls/timeline.h"

namespace tapdeck::calls {

class Call;

enum class JoinMethod : std::uint8_t { kSessionId, kIcid, kHeader, kReplaces, kTransfer };

std::string_view join_method_name(JoinMethod method);  // "session_id", "icid", "header"...
// The same text as static text; "" for what is no such name.
std::string_view known_join_method(std::string_view name);

struct ConversationOptions {
  std::uint32_t conversations_max = 100'000;  // at least as many as open calls
  std::uint32_t legs_max = 32;                // calls of one conversation, ended ones included
  std::int64_t keep_ns = 600'000'000'000;     // after its last call
};

class Conversations {
 public:
  using FindCall = std::function<Call*(CallHandle)>;

  Conversations(const ConversationOptions& options, FindCall find, std::uint64_t seed);

  // Of facts that may join calls; the call may be told its place, or another one.
  void note(Call& call, const MessageFacts& facts, std::int64_t timer_now_ns);

  // The two are one conversation, whatever their headers say.
  void join(Call& call, Call& other, JoinMethod method, std::int64_t timer_now_ns);

  // The call is gone from the table of calls.
  void remove(const Call& call, std::int64_t timer_now_ns);

  // The open calls of its conversation, itself among them; itself alone when it has none.
  [[nodiscard]] std::vector<CallHandle> legs_of(const Call& call) const;

  // When calls of its conversation that are gone were paused, packet times.
  [[nodiscard]] std::vector<Interval> paused_before(const Call& call) const;

  [[nodiscard]] ConversationFigures figures() const;

 private:
  // What may join calls, and how far it is to be believed.
  struct Key {
    std::uint64_t hash = 0;
    JoinMethod method = JoinMethod::kSessionId;
    bool worn = false;  // too many calls share it
  };

  struct Leg {
    CallHandle call{};
    std::uint64_t joined_by = 0;  // hash of the key, 0: the first one, or no key
  };

  struct Conversation {
    Uid id{};
    PoolVector<Leg> legs;      // open calls
    std::uint32_t joined = 0;  // calls, ended ones included
    PoolVector<Key> keys;
    PoolVector<Interval> paused;  // of calls that are gone
    std::int64_t idle_since_ns = 0;
    std::uint32_t before = 0;  // neighbours among those without an open call, 0: none
    std::uint32_t behind = 0;
    bool has_session = false;
  };

  [[nodiscard]] std::uint32_t find(std::uint64_t hash) const;
  Key* key_at(Conversation& conversation, std::uint64_t hash);
  void note_key(Call& call, const Key& key);
  void note_session_id(Call& call, const sip::SessionIdField& session);
  void note_recorded(Call& call, const sip::RecordingMetadata& metadata);
  void add_key(std::uint32_t at, const Key& key);
  std::uint32_t open(Call& call);  // 0: no room
  void enter(Call& call, std::uint32_t at, const Key& key);
  void refuse(Call& call, std::uint32_t at, Key& key);
  void part(std::uint32_t at, const Key& key);
  bool merge(std::uint32_t a, std::uint32_t b, const Key& key);  // false: too many legs
  void name_first(Conversation& conversation, JoinMethod method);
  static void note_paused(Conversation& conversation, const Interval& paused);
  void touch(std::uint32_t at);
  void expire();
  void forget(std::uint32_t at);
  void link_idle(std::uint32_t at);
  void unlink_idle(std::uint32_t at);

  ConversationOptions options_;
  FindCall find_;
  std::uint64_t seed_;
  std::vector<Conversation> slots_;  // slot 0 is never used
  std::vector<std::uint32_t> free_;
  HashIndex by_key_;
  std::int64_t timer_now_ns_ = 0;
  std::uint32_t idle_first_ = 0;  // idle longest
  std::uint32_t idle_last_ = 0;
  ConversationFigures figures_;
};

}  // namespace tapdeck::calls
