// The verdict tables of docs/SIP.md against the messages in TAPDECK_CORPUS: RFC 4475, RFC 5118, and
// what other projects test and fuzz their parsers with.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "pipelines/signalling/body.h"
#include "pipelines/signalling/sdp.h"

namespace tapdeck::sip {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRepairNames[] = {"bare_lf",
                                             "leading_space",
                                             "no_blank_line",
                                             "bad_header_line",
                                             "content_length_long",
                                             "content_length_bad",
                                             "start_line_space",
                                             "duplicate_header"};

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// "valid", "repaired: bare_lf, no_blank_line", "rejected: missing_via".
std::string verdict_of(const std::string& text) {
  Message message;
  const ParseVerdict verdict = parse(as_bytes(text), message);
  if (verdict == ParseVerdict::kOk) return "valid";
  if (verdict != ParseVerdict::kRepaired) return "rejected: " + std::string(verdict_name(verdict));
  std::string names;
  for (std::size_t bit = 0; bit < std::size(kRepairNames); ++bit) {
    if ((message.repairs() >> bit & 1) == 0) continue;
    names += (names.empty() ? "" : ", ") + std::string(kRepairNames[bit]);
  }
  return "repaired: " + names;
}

// The messages that a YAML list quotes as blocks, with CRLF.
std::vector<std::string> quoted_messages(const std::string& yaml) {
  std::vector<std::string> messages;
  bool inside = false;
  for (std::size_t at = 0; at < yaml.size();) {
    const std::size_t end = std::min(yaml.find('\n', at), yaml.size());
    const std::string line = yaml.substr(at, end - at);
    at = end + 1;
    if (line.starts_with("- |") || line.starts_with("- >")) {
      messages.emplace_back();
      inside = true;
    } else if (inside && line.starts_with("  ")) {
      messages.back() += line.substr(2) + "\r\n";
    } else if (inside && line.empty()) {
      messages.back() += "\r\n";
    } else {
      inside = false;
    }
  }
  return messages;
}

// "11 valid, 2 repaired, 1 rejected: missing_via".
std::string verdicts_of_quoted(const std::string& yaml) {
  std::map<std::string, int> counts;
  for (const std::string& message : quoted_messages(yaml)) {
    std::string verdict = verdict_of(message);
    if (verdict.starts_with("repaired")) verdict = "repaired";
    ++counts[verdict];
  }
  std::string text;
  for (const auto& [verdict, count] : counts) {
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + verdict;
  }
  return text;
}

// The verdicts of docs/SIP.md by file, or by "folder/*".
std::map<std::string, std::string> documented_verdicts() {
  std::map<std::string, std::string> verdicts;
  std::ifstream file(std::string(TD_SOURCE_ROOT) + "/docs/SIP.md");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| `") || line.find('/') == std::string::npos) continue;
    std::vector<std::string> cells;
    for (std::size_t at = 2; at < line.size();) {
      const std::size_t end = std::min(line.find(" | ", at), line.size());
      cells.push_back(line.substr(at, end - at));
      at = end + 3;
    }
    if (cells.size() < 3) continue;
    verdicts[cells[0].substr(1, cells[0].size() - 2)] = cells[cells.size() - 2];
  }
  return verdicts;
}

// Every file below the folder but the index, by its path from the corpus.
std::map<std::string, std::string> files_below(const fs::path& corpus, const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(corpus / folder)) {
    if (!entry.is_regular_file() || entry.path().filename() == "index.json") continue;
    files[entry.path().lexically_relative(corpus).string()] = read_file(entry.path());
  }
  return files;
}

void expect_verdict(const std::string& path, const std::string& text, const std::string& wanted) {
  if (wanted == "no SIP") {
    EXPECT_TRUE(verdict_of(text).starts_with("rejected")) << path << " was taken";
  } else if (path.ends_with(".yaml")) {
    EXPECT_EQ(verdicts_of_quoted(text), wanted) << path;
  } else {
    EXPECT_EQ(verdict_of(text), wanted == "taken" ? "valid" : wanted) << path;
  }
}

class Torture : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const char* corpus = std::getenv("TAPDECK_CORPUS");
    if (corpus == nullptr) GTEST_SKIP() << "TAPDECK_CORPUS is not set: no torture messages";
    corpus_ = corpus;
  }

  fs::path corpus_;
};

TEST_P(Torture, EveryFileHasItsDocumentedVerdict) {
  const auto verdicts = documented_verdicts();
  const auto files = files_below(corpus_, GetParam());
  EXPECT_GT(files.size(), 70U);
  for (const auto& [path, text] : files) {
    auto row = verdicts.find(path);
    if (row == verdicts.end()) row = verdicts.find(path.substr(0, path.rfind('/')) + "/*");
    ASSERT_NE(row, verdicts.end()) << path << " has no row in docs/SIP.md";
    expect_verdict(path, text, row->second);
  }
  for (const auto& [path, verdict] : verdicts) {
    if (path.starts_with(GetParam()) && !path.ends_with('*')) {
      EXPECT_TRUE(files.contains(path)) << path << " is in docs/SIP.md, but not in the corpus";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Corpus, Torture, ::testing::Values("torture", "messages", "fuzz"));

// What RFC 4475 calls valid is read whole: both ends, the topmost Via, and a session if there is
// one.
TEST_F(Torture, ValidMessagesAreReadWhole) {
  static Sdp sdp;
  for (const auto& [path, text] : files_below(corpus_, "torture/valid")) {
    Message message;
    EXPECT_EQ(parse(as_bytes(text), message), ParseVerdict::kOk) << path;
    EXPECT_TRUE(message.from()) << path;
    EXPECT_TRUE(message.to()) << path;
    EXPECT_TRUE(message.top_via()) << path;
    const BodySdp body = find_sdp(message);
    if (!body.text.empty()) {
      EXPECT_TRUE(is_accepted(parse_sdp(body.text, sdp))) << path;
    }
  }
}

}  // namespace
}  // namespace tapdeck::sip
