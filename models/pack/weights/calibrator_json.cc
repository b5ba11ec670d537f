#include "models/pack/weights/calibrator_json.h"

#include <string>

#include "core/base/limits.h"
#include "models/pack/pack_error.h"

namespace guardrank::pack {
namespace {

[[noreturn]] void refuse(const JsonNode& node, std::string_view message) {
  throw PackError(Status::calibrator, node.where(), message);
}

JsonNode member(const JsonNode& node, std::string_view name) {
  const auto found = node.maybe(name);
  if (!found) refuse(node, "wanted the member \"" + std::string(name) + "\"");
  return *found;
}

double number(const JsonNode& node, std::string_view name) {
  const JsonNode found = member(node, name);
  if (!found.is(JsonType::number)) refuse(found, "wanted a number");
  return found.number();
}

// Members of the kind itself; place adds its own.
void allow(const JsonNode& node, CalibratorPlace place,
           std::initializer_list<std::string_view> names) {
  for (const JsonNode& found : node.members(SIZE_MAX)) {
    bool is_known = found.key() == "kind" ||
                    found.key() == (place == CalibratorPlace::head ? "segments" : "positives");
    for (std::string_view name : names) is_known = is_known || found.key() == name;
    if (!is_known) refuse(found, "unknown member");
  }
}

void read_beta(const JsonNode& node, Calibrator* out) {
  out->a = number(node, "a");
  out->b = number(node, "b");
  out->c = number(node, "c");
  if (out->a < 0 || out->b < 0)
    refuse(node, "wanted a and b of at least 0, or probability would fall as the logit rises");
}

std::vector<double> knots(const JsonNode& node) {
  std::vector<double> out;
  for (const JsonNode& item : node.items(limits::calibrator_knots)) {
    if (!item.is(JsonType::number)) refuse(item, "wanted a number");
    out.push_back(item.number());
    if (out.back() < 0 || out.back() > 1) refuse(item, "wanted a number from 0 to 1");
  }
  return out;
}

void read_isotonic(const JsonNode& node, Memory* memory, Calibrator* out) {
  const std::vector<double> x = knots(member(node, "x")), y = knots(member(node, "y"));
  if (x.empty() || x.size() != y.size())
    refuse(node, "wanted as many y as x, at least one; found " + std::to_string(x.size()) +
                     " and " + std::to_string(y.size()));
  for (std::size_t i = 1; i < x.size(); ++i) {
    if (!(x[i - 1] < x[i])) refuse(node, "wanted strictly increasing x");
    if (y[i - 1] > y[i]) refuse(node, "wanted y that never falls");
  }
  out->x = memory->copy(x);
  out->y = memory->copy(y);
}

CalibratorKind read_method(const JsonNode& node, CalibratorPlace place) {
  if (place == CalibratorPlace::segment)
    refuse(node, "a segment's calibrator is stated, not fitted");
  const JsonNode method = member(node, "method");
  for (CalibratorKind kind : {CalibratorKind::platt, CalibratorKind::temperature,
                              CalibratorKind::beta, CalibratorKind::isotonic}) {
    if (method.is(JsonType::string) && method.text() == calibrator_name(kind)) return kind;
  }
  refuse(method, "wanted platt, temperature, beta or isotonic");
}

}  // namespace

std::string_view calibrator_name(CalibratorKind kind) {
  switch (kind) {
    case CalibratorKind::identity:
      return "identity";
    case CalibratorKind::platt:
      return "platt";
    case CalibratorKind::temperature:
      return "temperature";
    case CalibratorKind::beta:
      return "beta";
    case CalibratorKind::isotonic:
      return "isotonic";
  }
  return "unknown";
}

StatedCalibrator read_calibrator(const JsonNode& node, Memory* memory, CalibratorPlace place) {
  if (!node.is(JsonType::object)) refuse(node, "wanted an object");
  const JsonNode kind = member(node, "kind");
  if (!kind.is(JsonType::string)) refuse(kind, "wanted a string");
  StatedCalibrator out;
  if (kind.text() == "identity") {
    allow(node, place, {});
  } else if (kind.text() == "platt") {
    allow(node, place, {"a", "b"});
    out.calibrator.kind = CalibratorKind::platt;
    out.calibrator.a = number(node, "a");
    out.calibrator.b = number(node, "b");
    if (out.calibrator.a < 0)
      refuse(node, "wanted a of at least 0, or probability would fall as the logit rises");
  } else if (kind.text() == "temperature") {
    allow(node, place, {"t"});
    out.calibrator.kind = CalibratorKind::temperature;
    out.calibrator.t = number(node, "t");
    if (!(out.calibrator.t > 0)) refuse(node.at("t"), "wanted a number above 0");
  } else if (kind.text() == "beta") {
    allow(node, place, {"a", "b", "c"});
    out.calibrator.kind = CalibratorKind::beta;
    read_beta(node, &out.calibrator);
  } else if (kind.text() == "isotonic") {
    allow(node, place, {"x", "y"});
    out.calibrator.kind = CalibratorKind::isotonic;
    read_isotonic(node, memory, &out.calibrator);
  } else if (kind.text() == "fit") {
    allow(node, place, {"method"});
    out.fit = read_method(node, place);
  } else {
    refuse(kind, "wanted identity, platt, temperature, beta, isotonic or fit");
  }
  return out;
}

}  // namespace guardrank::pack
