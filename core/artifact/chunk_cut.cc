#include "core/artifact/chunk_cut.h"

#include <algorithm>

namespace guardrank {
namespace {

// Borders are where these bits of the hash are all zero: its upper ones, which the last 64 bytes
// reach. Two more than the usual size has before it and two fewer after, which draws sizes to it.
constexpr int usual_bits = 16;   // 2^16 = usual_chunk_bytes
constexpr std::uint64_t upper_bits(int n) { return ~std::uint64_t{0} << (64 - n); }
static_assert(std::uint32_t{1} << usual_bits == usual_chunk_bytes);

}  // namespace

// 256 numbers without a pattern: SplitMix64 (Steele, Lea, Flood 2014) from 0.
ChunkCutter::ChunkCutter() {
  std::uint64_t state = 0;
  for (std::uint64_t& entry : gear_) {
    state += 0x9e3779b97f4a7c15;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    entry = z ^ (z >> 31);
  }
}

std::size_t ChunkCutter::first_length(Bytes run) const {
  if (run.size() <= least_chunk_bytes) return run.size();
  const std::size_t usual = std::min<std::size_t>(run.size(), usual_chunk_bytes);
  const std::size_t end = std::min<std::size_t>(run.size(), most_chunk_bytes);
  std::uint64_t hash = 0;
  for (std::size_t i = least_chunk_bytes; i < end; ++i) {
    hash = (hash << 1) + gear_[run[i]];
    if ((hash & upper_bits(i < usual ? usual_bits + 2 : usual_bits - 2)) == 0) return i + 1;
  }
  return end;
}

ChunkWalk::ChunkWalk(Bytes artifact) : artifact_(artifact) {
  if (artifact.size() < header_bytes) return;
  std::uint32_t count = 0;
  __builtin_memcpy(&count, &artifact[24], sizeof count);
  const std::size_t room = (artifact.size() - header_bytes) / section_entry_bytes;
  n_sections_ = static_cast<std::uint32_t>(std::min<std::size_t>(count, room));
  while (section_ < n_sections_ && table_number(section_++, 16) == 0) {
  }
}

// A number of a section's entry in the table: offset at 8, length at 16.
std::uint64_t ChunkWalk::table_number(std::uint32_t section, std::size_t at) const {
  std::uint64_t number = 0;
  __builtin_memcpy(&number, &artifact_[header_bytes + section * section_entry_bytes + at],
                   sizeof number);
  return number;
}

bool ChunkWalk::next(Bytes* piece) {
  if (at_ >= artifact_.size()) return false;
  std::uint64_t border = at_;
  while (border <= at_ && section_ < n_sections_)
    if ((border = table_number(section_, 8)) <= at_) ++section_;
  const std::uint64_t end =
      border <= at_ ? artifact_.size() : std::min<std::uint64_t>(border, artifact_.size());
  const Bytes run = artifact_.subspan(at_, static_cast<std::size_t>(end) - at_);
  *piece = run.first(cutter_.first_length(run));
  at_ += piece->size();
  return true;
}

}  // namespace guardrank
