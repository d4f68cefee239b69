#include "storage/call_store_batch.h"

#include <gtest/gtest.h>

namespace tapdeck::storage {
namespace {

class FakeColumn : public rocksdb::ColumnFamilyHandle {
 public:
  explicit FakeColumn(std::uint32_t id) : id_(id), name_(kColumnNames[id]) {}

  [[nodiscard]] const std::string& GetName() const override { return name_; }

  [[nodiscard]] std::uint32_t GetID() const override { return id_; }

  rocksdb::Status GetDescriptor(rocksdb::ColumnFamilyDescriptor* /*to*/) override {
    return rocksdb::Status::NotSupported();
  }

  [[nodiscard]] const rocksdb::Comparator* GetComparator() const override {
    return rocksdb::BytewiseComparator();
  }

 private:
  std::uint32_t id_;
  std::string name_;
};

// What a batch does, in order: "COLUMN+KEY=VALUE" and "COLUMN-KEY".
class Script : public rocksdb::WriteBatch::Handler {
 public:
  rocksdb::Status PutCF(std::uint32_t column,
                        const rocksdb::Slice& key,
                        const rocksdb::Slice& value) override {
    lines.push_back(std::to_string(column) + "+" + key.ToString() + "=" + value.ToString());
    return rocksdb::Status::OK();
  }

  rocksdb::Status DeleteCF(std::uint32_t column, const rocksdb::Slice& key) override {
    lines.push_back(std::to_string(column) + "-" + key.ToString());
    return rocksdb::Status::OK();
  }

  std::vector<std::string> lines;
};

class SortedBatchTest : public testing::Test {
 protected:
  SortedBatchTest() {
    for (std::uint32_t i = 0; i < kColumnNames.size(); ++i) {
      columns_.push_back(std::make_unique<FakeColumn>(i));
      store_.columns.push_back(columns_.back().get());
    }
  }

  std::vector<std::string> finish() {
    const rocksdb::WriteBatch written = batch_.finish();
    Script script;
    EXPECT_TRUE(written.Iterate(&script).ok());
    return script.lines;
  }

  CallStore::Impl store_;
  std::vector<std::unique_ptr<FakeColumn>> columns_;
  SortedBatch batch_{store_};
};

TEST_F(SortedBatchTest, EachFamilyGoesInByOrderOfItsKeys) {
  batch_.put(Column::kExtents, "b", "1");
  batch_.remove(Column::kCalls, "zz");
  batch_.put(Column::kExtents, "a", "tail", "2");
  batch_.remove(Column::kExtents, "a", "tail of more than sixteen bytes, z");
  batch_.remove(Column::kExtents, "a", "tail of more than sixteen bytes, y");
  batch_.put(Column::kCalls, "z", {});
  EXPECT_EQ(finish(),
            (std::vector<std::string>{"1+z=",
                                      "1-zz",
                                      "4+atail=2",
                                      "4-atail of more than sixteen bytes, y",
                                      "4-atail of more than sixteen bytes, z",
                                      "4+b=1"}));
}

TEST_F(SortedBatchTest, AKeyThatChangesTwiceKeepsTheOrderOfItsChanges) {
  batch_.remove(Column::kMeta, "same");
  batch_.put(Column::kMeta, "other", "x");
  batch_.put(Column::kMeta, "same", "new");
  batch_.put(Column::kByCallId, "b", "there");
  batch_.remove(Column::kByCallId, "a");
  batch_.remove(Column::kByCallId, "b");
  EXPECT_EQ(
      finish(),
      (std::vector<std::string>{"3+b=there", "3-a", "3-b", "8+other=x", "8-same", "8+same=new"}));
}

TEST_F(SortedBatchTest, AValueIsWhatIsAppendedBetweenBeginAndEnd) {
  batch_.begin(Column::kCalls, "key", "+tail");
  batch_.bytes() += "value";
  EXPECT_EQ(batch_.end(Column::kCalls), "value");
  batch_.put(Column::kCalls, "key", std::string("\0\xff", 2));
  EXPECT_EQ(finish(),
            (std::vector<std::string>{std::string("1+key=\0\xff", 8), "1+key+tail=value"}));
}

}  // namespace
}  // namespace tapdeck::storage
