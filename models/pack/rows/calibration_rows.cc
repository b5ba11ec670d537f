#include "models/pack/rows/calibration_rows.h"

#include <algorithm>

#include "core/base/limits.h"
#include "core/base/math.h"
#include "core/base/number_text.h"
#include "core/frame/frame.h"
#include "models/pack/pack_error.h"
#include "models/pack/rows/line_file.h"
#include "models/pack/rows/model_facts.h"
#include "models/pack/weights/json_node.h"

namespace guardrank::pack {
namespace {

constexpr const char* file_name = "calibration.jsonl";
constexpr std::uint64_t progress_rows = 1000;

bool asks_for_time(const Field& field) {
  return std::any_of(field.transforms.begin(), field.transforms.end(),
                     [](const Transform& t) { return t.kind == TransformKind::days_since; });
}

// The latest time that a line gives to a field with days_since; false when it has one of its own.
void add_latest(std::string_view text, std::span<const Field> fields, std::int64_t* latest) {
  constexpr std::string_view members[] = {"context", "candidate", "pair"};
  Memory memory;
  const JsonNode root = parse_document(text, file_name, Status::json, &memory);
  if (!root.is(JsonType::object)) return;
  for (const Field& field : fields) {
    const auto side = root.maybe(members[static_cast<std::size_t>(field.side)]);
    if (!asks_for_time(field) || !side || !side->is(JsonType::object)) continue;
    const auto value = side->maybe(field.name);
    std::int64_t micros = 0;
    if (value && value->is(JsonType::string) && parse_timestamp(value->text(), &micros))
      *latest = std::max(*latest, micros);
  }
}

// Counts the lines, and finds a time for rows that have none where the model asks for one.
void survey(const std::filesystem::path& path, const TrainedModel& model, CalibrationRows* rows) {
  const bool wants_time = std::any_of(model.fields.begin(), model.fields.end(), asks_for_time);
  LineFile file(path, file_name, max_calibration_line_bytes);
  std::string line;
  std::int64_t latest = INT64_MIN;
  for (; file.next(&line); ++rows->n_lines) {
    if (wants_time) add_latest(line, model.fields, &latest);
  }
  rows->can_assume_time = wants_time && latest != INT64_MIN;
  if (rows->can_assume_time) rows->now = latest;
}

// True for `wanted` of `total` indices, evenly spread.
bool is_drawn(std::size_t index, std::size_t wanted, std::size_t total) {
  if (wanted >= total) return true;
  return index * wanted / total != (index + 1) * wanted / total;
}

class RowEncoder {
 public:
  explicit RowEncoder(const TrainedModel& model)
      : facts_(model.fields),
        request_(facts_.table(), &facts_.catalog(), system_allocator()),
        given_(facts_.table().size(), false) {}

  // Views that hold until the next call.
  std::span<const EncodedField> encode(const CalibrationLine& line, std::int64_t now) {
    arena_.arena().reset();
    Error error;
    const std::string json = request_json({&line, 1}, line.time.value_or(now));
    throw_if(read_request_json(json, &request_, &error), error);
    for (std::uint32_t fact = 0; fact < given_.size(); ++fact) {
      const Column& column = request_.given(fact);
      if (column.n_rows > 0 && column.is_present(0)) given_[fact] = true;
    }
    check(frame_.open(request_, &arena_.arena()));
    check(encode_features(facts_.plan(), &frame_));
    return frame_.encoded;
  }

  std::vector<std::string> absent() const {
    std::vector<std::string> names;
    for (std::uint32_t fact = 0; fact < given_.size(); ++fact) {
      const Fact& known = facts_.table()[fact];
      if (given_[fact] || known.name == "offer_id") continue;
      names.push_back(std::string(namespace_name(known.space)) + "." + std::string(known.name));
    }
    return names;
  }

 private:
  static void check(Status status) {
    if (status != Status::ok) throw PackError(status, "", "the row cannot be encoded");
  }

  ModelFacts facts_;
  Request request_;
  Memory arena_;
  Frame frame_;
  std::vector<bool> given_;
};

// Dense ranges so far; true when the row widens one.
bool widen(const TrainedModel& model, std::span<const EncodedField> encoded,
           std::vector<Range>* ranges) {
  bool has_widened = false;
  for (std::size_t f = 0; f < model.fields.size(); ++f) {
    if (model.fields[f].output != OutputKind::dense) continue;
    Range& range = (*ranges)[f];
    const Range before = range;
    for (std::uint32_t j = 0; j < model.fields[f].width; ++j) range.add(encoded[f].dense[j]);
    has_widened = has_widened || range.low < before.low || range.high > before.high;
  }
  return has_widened;
}

// What dense fields are where their facts are missing, as a fill says: serving meets it even where no
// row does. A field that asks for the time is left out while none is known.
std::vector<Range> missing_ranges(const TrainedModel& model, const CalibrationRows& rows, RowEncoder* encoder) {
  std::vector<Range> ranges(model.fields.size());
  widen(model, encoder->encode(CalibrationLine{}, rows.now), &ranges);
  for (std::size_t f = 0; f < ranges.size(); ++f) {
    if (asks_for_time(model.fields[f]) && !rows.can_assume_time) ranges[f] = {};
  }
  return ranges;
}

}  // namespace

CalibrationRows read_calibration_rows(const std::filesystem::path& folder,
                                      const TrainedModel& model, std::size_t n_samples,
                                      const Progress& progress) {
  const FloatingPointEnvironment environment;
  CalibrationRows rows(model);
  const std::filesystem::path path = folder / file_name;
  rows.exists = std::filesystem::exists(path);
  if (!rows.exists) return rows;
  survey(path, model, &rows);
  LineFile file(path, file_name, max_calibration_line_bytes);
  RowEncoder encoder(model);
  std::vector<Range> ranges(model.fields.size());
  std::string text;
  for (std::size_t i = 0; file.next(&text); ++i) {
    const CalibrationLine line = read_calibration_line(text, file.number());
    try {
      const std::span<const EncodedField> encoded = encoder.encode(line, rows.now);
      rows.has_assumed_time |= rows.can_assume_time && !line.time;
      const bool is_wider = widen(model, encoded, &ranges);
      if (is_wider || is_drawn(i, max_calibration_rows, rows.n_lines)) rows.encoded.append(encoded);
    } catch (const PackError& problem) {
      throw problem.within("calibration.jsonl: line " + std::to_string(file.number()));
    }
    if (is_drawn(i, n_samples, rows.n_lines)) rows.samples.push_back(line);
    if (progress && i % progress_rows == 0) progress("calibration rows", i, rows.n_lines);
  }
  rows.absent = encoder.absent();
  if (rows.n_lines > 0) rows.missing = missing_ranges(model, rows, &encoder);
  return rows;
}

}  // namespace guardrank::pack
