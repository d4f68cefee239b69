#include "pipelines/retention/pseudonym.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>
#include <vector>

#include "model/pseudonym.h"

namespace tapdeck::retention {
namespace {

constexpr std::size_t kBitMax = 63;

// What RFC 5806, RFC 7044 and the drafts of Remote-Party-ID have for it: a code or one of these.
bool is_standard_word(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789";
  constexpr auto kWords = std::to_array<std::string_view>({"unknown",
                                                           "user-busy",
                                                           "no-answer",
                                                           "unavailable",
                                                           "unconditional",
                                                           "time-of-day",
                                                           "deflection",
                                                           "follow-me",
                                                           "away",
                                                           "do-not-disturb",
                                                           "out-of-service",
                                                           "full",
                                                           "name",
                                                           "uri",
                                                           "off",
                                                           "ipaddr",
                                                           "network",
                                                           "yes",
                                                           "no"});
  if (text.size() <= 3 && text.find_first_not_of(kDigits) == std::string_view::npos) return true;
  return std::find(kWords.begin(), kWords.end(), text) != kWords.end();
}

bool is_chosen(const PartyChoice& choice, std::size_t index) {
  return choice.everyone || (choice.parties >> std::min(index, kBitMax) & 1U) != 0;
}

// What a record says of somebody by number.
void add_numbers(std::set<std::string>& to, const std::string& number, const std::string& e164) {
  for (const std::string* form : {&number, &e164}) {
    std::string searched = search_number(*form);
    if (!searched.empty()) to.insert(std::move(searched));
  }
}

class Eraser {
 public:
  Eraser(CallRecord& call, const PartyChoice& choice, const std::function<std::uint32_t()>& random)
      : call_(call), choice_(choice), random_(random) {}

  void run() {
    for (std::size_t i = 0; i < call_.parties.size(); ++i) {
      const CallParty& party = call_.parties[i];
      add_numbers(is_chosen(choice_, i) ? chosen_ : unchosen_, party.number, party.e164);
    }
    erase_called();
    if (call_.transferred) {
      erase_number(call_.transferred->to, call_.transferred->to_e164);
      const bool is_role = call_.transferred->by == "caller" || call_.transferred->by == "callee";
      std::string no_e164;
      if (!is_role) erase_number(call_.transferred->by, no_e164);
    }
    for (CallEdge& edge : call_.edges) {
      if (erase_number(edge.number, edge.e164) || choice_.everyone) edge.uri.clear();
    }
    erase_claims();
    erase_media();
    for (std::size_t i = 0; i < call_.parties.size(); ++i) {
      if (is_chosen(choice_, i)) erase_party(call_.parties[i]);
    }
    call_.reason.clear();  // whatever somebody wrote; the code says what it was
    call_.business = nullptr;
    call_.recording.legal_holds.clear();
  }

 private:
  bool goes(const std::string& number, const std::string& e164) const {
    if (choice_.everyone) return true;
    std::set<std::string> forms;
    add_numbers(forms, number, e164);
    const auto in = [&forms](const std::set<std::string>& numbers) {
      return std::any_of(
          forms.begin(), forms.end(), [&](const auto& form) { return numbers.contains(form); });
    };
    return in(chosen_) || (choice_.others && !in(unchosen_));
  }

  // One for each number of the call.
  const std::string& pseudonym_of(const std::string& number) {
    std::string& name = pseudonyms_[search_number(number)];
    if (!name.empty()) return name;
    std::array<char, 8> digits{};
    digits.fill('0');
    std::array<char, 8> hex{};
    const auto end = std::to_chars(hex.data(), hex.data() + hex.size(), random_(), 16).ptr;
    std::copy_backward(hex.data(), end, digits.data() + digits.size());
    return name = std::string(kPseudonymPrefix) + std::string(digits.data(), digits.size());
  }

  void replace(std::string& number, std::string& e164) {
    if (!number.starts_with(kPseudonymPrefix) && !(number.empty() && e164.empty())) {
      number = pseudonym_of(e164.empty() ? number : e164);
    }
    e164.clear();
  }

  bool erase_number(std::string& number, std::string& e164) {
    if ((number.empty() && e164.empty()) || !goes(number, e164)) return false;
    replace(number, e164);
    return true;
  }

  // What was dialled stands for the callee in whatever form, what was asserted for the caller.
  void erase_called() {
    if (call_.callee && is_chosen(choice_, *call_.callee)) {
      replace(call_.dialled, call_.dialled_e164);
    }
    if (call_.caller && is_chosen(choice_, *call_.caller)) {
      replace(call_.asserted, call_.asserted_e164);
    }
    erase_number(call_.dialled, call_.dialled_e164);
    erase_number(call_.asserted, call_.asserted_e164);
    erase_number(call_.diverted_from, call_.diverted_from_e164);
  }

  void erase_party(CallParty& party) {
    replace(party.number, party.e164);
    party.name.clear();
    party.uri.clear();
    party.ip.reset();
    party.port = 0;
    party.user_agent.clear();
    party.device = nullptr;
    party.sdp_origin.clear();
    party.sdp_addresses.clear();
  }

  // What several people may stand in goes as a whole; so does what leads to them elsewhere.
  void erase_claims() {
    if (call_.claims == nullptr) return;
    auto claims = std::make_shared<CallClaims>();
    claims->left_out = call_.claims->left_out;
    for (CallIdentity identity : call_.claims->identities) {
      const bool of_sender = identity.source == IdentitySource::kAsserted ||
                             identity.source == IdentitySource::kPreferred ||
                             identity.source == IdentitySource::kRemoteParty ||
                             identity.source == IdentitySource::kReferredBy ||
                             identity.source == IdentitySource::kTarget;
      const bool chosen = of_sender && identity.party && is_chosen(choice_, *identity.party);
      if (chosen || goes(identity.number, identity.e164)) {
        replace(identity.number, identity.e164);
        identity.name.clear();
        identity.uri.clear();
      }
      for (std::string* word : {&identity.reason, &identity.privacy, &identity.screen}) {
        if (!is_standard_word(*word)) word->clear();
      }
      identity.raw.clear();
      claims->identities.push_back(std::move(identity));
    }
    for (CallPassport passport : call_.claims->passports) {
      std::string no_e164;
      erase_number(passport.orig, no_e164);
      for (std::string& destination : passport.destinations) erase_number(destination, no_e164);
      passport.origid.clear();
      passport.info.clear();
      passport.raw.clear();
      claims->passports.push_back(std::move(passport));
    }
    for (CallReason reason : call_.claims->reasons) {
      reason.text.clear();
      reason.raw.clear();
      claims->reasons.push_back(std::move(reason));
    }
    call_.claims = std::move(claims);
  }

  // Addresses, too, unless there is media that is told apart by them.
  void erase_media() {
    if (call_.recording.lifecycle == RecordingLifecycle::kPresent ||
        call_.recording.lifecycle == RecordingLifecycle::kHeld) {
      return;
    }
    for (MediaRecord& media : call_.media) {
      const bool unknown = choice_.everyone || !media.party;
      const bool sends = !unknown && is_chosen(choice_, *media.party);
      const bool receives = !unknown && !sends && choice_.parties != 0;
      if (unknown || sends) media.source = {};
      if (unknown || receives) media.destination = {};
    }
  }

  CallRecord& call_;
  const PartyChoice& choice_;
  const std::function<std::uint32_t()>& random_;
  std::set<std::string> chosen_;
  std::set<std::string> unchosen_;
  std::map<std::string, std::string> pseudonyms_;
};

bool has_other_number(const CallRecord& call, const NumberPattern& number) {
  if (number.matches_any(searchable_numbers(call))) return true;
  if (call.claims == nullptr) return false;
  const auto& passports = call.claims->passports;
  return std::any_of(passports.begin(), passports.end(), [&](const CallPassport& passport) {
    return number.matches(passport.orig) ||
           std::any_of(passport.destinations.begin(),
                       passport.destinations.end(),
                       [&](const std::string& each) { return number.matches(each); });
  });
}

}  // namespace

std::string encode_party_choice(const PartyChoice& choice) {
  if (choice.everyone) return "*";
  std::array<char, 16> hex{};
  const auto end = std::to_chars(hex.data(), hex.data() + hex.size(), choice.parties, 16).ptr;
  return std::string(hex.data(), end) + (choice.others ? "+" : "");
}

std::optional<PartyChoice> decode_party_choice(std::string_view text) {
  PartyChoice choice;
  if (text == "*") return choice;
  choice.everyone = false;
  choice.others = text.ends_with('+');
  if (choice.others) text.remove_suffix(1);
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, choice.parties, 16);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return choice;
}

std::optional<PartyChoice> choose_parties(const CallRecord& call, const NumberPattern& number) {
  PartyChoice choice{.everyone = false};
  for (std::size_t i = 0; i < call.parties.size(); ++i) {
    const CallParty& party = call.parties[i];
    if (number.matches(party.number) || number.matches(party.e164)) {
      choice.parties |= std::uint64_t{1} << std::min(i, kBitMax);
    }
  }
  if (call.callee && (number.matches(call.dialled) || number.matches(call.dialled_e164))) {
    choice.parties |= std::uint64_t{1} << std::min<std::size_t>(*call.callee, kBitMax);
  }
  // Somebody else may have such a number, too: what would be left decides.
  CallRecord left = call;
  if (choice.parties != 0) pseudonymise(left, choice, [] { return 0U; });
  choice.others = has_other_number(left, number);
  return choice.others || choice.parties != 0 ? std::optional(choice) : std::nullopt;
}

void pseudonymise(CallRecord& call,
                  const PartyChoice& choice,
                  const std::function<std::uint32_t()>& random) {
  Eraser(call, choice, random).run();
}

}  // namespace tapdeck::retention
