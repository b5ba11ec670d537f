#include "core/record/record_root.h"

#include "core/base/limits.h"

namespace guardrank {
namespace {

// A table per ranked and per excluded candidate, and the root.
constexpr std::uint32_t record_tables = 2 * limits::candidates + 1;

// The library's verifier checks where a vector's length stands, not that wide elements are aligned.
template <typename T>
bool is_aligned(const flatbuffers::Vector<T>* values) {
  return values == nullptr || reinterpret_cast<std::uintptr_t>(values->Data()) % sizeof(T) == 0;
}

bool has_aligned_vectors(const schema::Record& record) {
  return is_aligned(record.probabilities()) && is_aligned(record.term_micros());
}

}  // namespace

Status read_record_root(Bytes record, const schema::Record** root, Error* error) {
  constexpr std::size_t smallest = 8;
  if (record.size() < smallest) {
    return error->wanted(Status::truncated, "record", {"at least ", smallest, " bytes"},
                         {record.size(), " bytes"});
  }
  if (reinterpret_cast<std::uintptr_t>(record.data()) % 8 != 0) {
    return error->set(Status::argument, "record", {"must be 8-byte aligned"});
  }
  if (!schema::RecordBufferHasIdentifier(record.data())) {
    return error->wanted(Status::identifier, "record", {"a decision record (GRRC)"},
                         {"another file identifier"});
  }
  flatbuffers::Verifier verifier(record.data(), record.size(), limits::flatbuffer_depth,
                                 record_tables);
  if (!schema::VerifyRecordBuffer(verifier) ||
      !has_aligned_vectors(*schema::GetRecord(record.data()))) {
    return error->set(Status::verify, "record", {"its structure is damaged"});
  }
  *root = schema::GetRecord(record.data());
  return Status::ok;
}

}  // namespace guardrank
