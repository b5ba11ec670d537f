#include "tests/pack/drawn_network.h"

#include <algorithm>
#include <cmath>

namespace guardrank::testing {
namespace {

using Vector = std::vector<double>;
constexpr const char *sides[] = {"context", "candidate", "pair"};

std::size_t below(std::mt19937_64 *random, std::size_t end) {
  return (*random)() % end;
}
double normal(std::mt19937_64 *random) {
  return std::normal_distribution<double>()(*random);
}

Json vocabulary(const char *name, const char *side, int dim) {
  return {
      {"name", name},
      {"side", side},
      {"type", "string"},
      {"output", "embedding"},
      {"dim", dim},
      {"transforms", {{{"op", "vocabulary"}, {"values", {"a", "b", "c"}}}}}};
}

Json draw_fields(std::mt19937_64 *random) {
  Json fed_offer = vocabulary("kind", "candidate", 3),
       fed_context = vocabulary("surface", "context", 2);
  fed_offer["feeds"] = fed_context["feeds"] = "every_layer";
  Json tags = vocabulary("tags", "candidate", 4);
  tags["type"] = "string[]";
  tags["pool"] = below(random, 2) == 0 ? "mean" : "sum";
  const Json standardize = {{"op", "standardize"}, {"mean", 0.5}, {"std", 2.0}};
  Json fields = Json::array(
      {fed_offer, vocabulary("state", "context", 5), fed_context, tags});
  for (const char *name : {"income", "debt"})
    fields.push_back({{"name", name},
                      {"side", "context"},
                      {"type", "f64"},
                      {"output", "dense"},
                      {"transforms", {standardize}},
                      {"indicator", name[0] == 'i'}});
  fields.push_back({{"name", "price"},
                    {"side", "candidate"},
                    {"type", "f64"},
                    {"output", "dense"},
                    {"transforms", Json::array()},
                    {"indicator", true}});
  fields.push_back({{"name", "seen"},
                    {"side", "pair"},
                    {"type", "f64"},
                    {"output", "dense"},
                    {"transforms", Json::array()}});
  return fields;
}

Json expert(std::mt19937_64 *random, const std::string &name, int width,
            const std::string &owner) {
  Json layers = Json::array();
  if (below(random, 2) == 0)
    layers.push_back(4 + below(random, 40));
  layers.push_back(width);
  Json out = {{"name", name}, {"layers", layers}};
  if (!owner.empty())
    out["for"] = owner;
  return out;
}

Json ple_level(std::mt19937_64 *random, const std::vector<std::string> &heads,
               bool has_next) {
  const int width = 4 + static_cast<int>(below(random, 20));
  Json experts = Json::array({expert(random, "s0", width, "")}),
       gates = Json::array();
  for (const std::string &head : heads) {
    experts.push_back(expert(random, head + "0", width, head));
    gates.push_back({{"head", head}, {"experts", {head + "0", "s0"}}});
  }
  Json all = Json::array();
  for (const Json &e : experts)
    all.push_back(e["name"]);
  if (has_next)
    gates.insert(gates.begin(), Json{{"head", "shared"}, {"experts", all}});
  return {{"experts", experts}, {"gates", gates}};
}

Json draw_levels(std::mt19937_64 *random, const std::vector<std::string> &heads,
                 std::size_t kind) {
  if (kind == 0)
    return Json::array();
  if (kind == 3)
    return {ple_level(random, heads, true), ple_level(random, heads, false)};
  const std::size_t n_experts = kind == 1 ? 1 : 4;
  Json experts = Json::array(), names = Json::array(), gates = Json::array();
  for (std::size_t e = 0; e < n_experts; ++e) {
    experts.push_back(expert(random, "e" + std::to_string(e), 16, ""));
    names.push_back("e" + std::to_string(e));
  }
  for (const std::string &head : heads)
    gates.push_back({{"head", head}, {"experts", names}});
  return Json::array({Json{{"experts", experts}, {"gates", gates}}});
}

// Computes the network, drawing a tensor when it is first met: shapes follow
// from the computation.
class ContractNetwork {
public:
  ContractNetwork(const Json &spec, Tensors *tensors, std::mt19937_64 *random)
      : spec_(spec), tensors_(tensors), random_(random) {}

  Vector logits(const Json &row) {
    fed_.clear();
    Vector x = inputs(row);
    std::map<std::string, Vector> source;
    for (const Json &head : spec_["heads"])
      source[head["name"]] = x;
    source["shared"] = x;
    for (std::size_t l = 0; l < spec_["levels"].size(); ++l)
      source = level(l, source);
    Vector out;
    for (const Json &head : spec_["heads"])
      out.push_back(tower(head, source[head["name"]]));
    return out;
  }

private:
  const Tensor &tensor(const std::string &name,
                       std::vector<std::uint64_t> shape, double scale) {
    auto found = tensors_->find(name);
    if (found != tensors_->end())
      return found->second;
    std::uint64_t count = 1;
    for (std::uint64_t size : shape)
      count *= size;
    Tensor drawn{shape, {}};
    for (std::uint64_t i = 0; i < count; ++i)
      drawn.values.push_back(static_cast<float>(scale * normal(random_)));
    return tensors_->emplace(name, drawn).first->second;
  }

  Vector linear(const std::string &name, const Vector &x, std::size_t n_out) {
    const Tensor &w = tensor(name + ".weight", {n_out, x.size()},
                             std::sqrt(2.0 / static_cast<double>(x.size())));
    const Tensor &b = tensor(name + ".bias", {n_out}, 0.2);
    Vector y(n_out);
    for (std::size_t o = 0; o < n_out; ++o) {
      y[o] = b.values[o];
      for (std::size_t i = 0; i < x.size(); ++i)
        y[o] += double{w.values[o * x.size() + i]} * x[i];
    }
    return y;
  }

  Vector with_fed(Vector x) const {
    x.insert(x.end(), fed_.begin(), fed_.end());
    return x;
  }

  static std::size_t code(const Json &value) {
    if (value.is_null())
      return 0;
    const std::string text = value;
    const bool is_known = text.size() == 1 && text[0] >= 'a' && text[0] <= 'c';
    return is_known ? static_cast<std::size_t>(text[0] - 'a') + 2 : 1;
  }

  Vector field(const Json &field, const Json &row) {
    const Json &facts = row[field["side"].get<std::string>()];
    const std::string name = field["name"];
    const Json value = facts.contains(name) ? facts[name] : Json();
    if (field["output"] == "dense")
      return dense(field, value);
    const auto dim = field["dim"].get<std::size_t>();
    const Tensor &table =
        tensor("embedding." + name + ".weight", {5, dim}, 0.7);
    std::vector<std::size_t> codes;
    if (value.is_array()) {
      for (const Json &element : value)
        codes.push_back(code(element));
      if (codes.empty())
        codes.push_back(0);
    } else {
      codes.push_back(code(value));
    }
    Vector out(dim, 0.0);
    for (std::size_t c : codes) {
      for (std::size_t j = 0; j < dim; ++j)
        out[j] += table.values[c * dim + j];
    }
    const bool is_mean = field.contains("pool") && field["pool"] == "mean";
    for (double &v : out)
      v /= is_mean ? static_cast<double>(codes.size()) : 1.0;
    return out;
  }

  static Vector dense(const Json &field, const Json &value) {
    Vector out = {0.0};
    if (!value.is_null()) {
      out[0] = value;
      for (const Json &op : field["transforms"])
        out[0] = (out[0] - op["mean"].get<double>()) / op["std"].get<double>();
    }
    if (field.value("indicator", false))
      out.push_back(value.is_null() ? 1.0 : 0.0);
    return out;
  }

  Vector inputs(const Json &row) {
    Vector x;
    for (const char *side : sides) {
      for (const char *output : {"dense", "embedding"}) {
        for (const Json &one : spec_["fields"]) {
          if (one["side"] != side || one["output"] != output)
            continue;
          const Vector values = field(one, row);
          x.insert(x.end(), values.begin(), values.end());
        }
      }
    }
    for (const Json &one : spec_["fields"]) {
      if (!one.contains("feeds"))
        continue;
      const Vector values = field(one, row);
      fed_.insert(fed_.end(), values.begin(), values.end());
    }
    return x;
  }

  static void relu(Vector *x) {
    for (double &v : *x)
      v = std::max(v, 0.0);
  }

  std::map<std::string, Vector> level(std::size_t l,
                                      std::map<std::string, Vector> source) {
    const Json &shape = spec_["levels"][l];
    const std::string prefix = "level." + std::to_string(l);
    if (l > 0) {
      for (auto &[owner, value] : source)
        value = with_fed(value);
    }
    std::map<std::string, Vector> outputs, next;
    for (const Json &one : shape["experts"]) {
      const std::string name = one["name"];
      Vector value = source[one.value("for", "shared")];
      for (std::size_t k = 0; k < one["layers"].size(); ++k) {
        if (k > 0)
          value = with_fed(value);
        value =
            linear(prefix + ".expert." + name + ".layer." + std::to_string(k),
                   value, one["layers"][k]);
        relu(&value);
      }
      outputs[name] = value;
    }
    for (const Json &gate : shape["gates"])
      next[gate["head"]] =
          mix(prefix + ".gate." + gate["head"].get<std::string>(),
              gate["experts"], source[gate["head"]], outputs);
    return next;
  }

  Vector mix(const std::string &name, const Json &experts, const Vector &x,
             std::map<std::string, Vector> &outputs) {
    if (experts.size() == 1)
      return outputs[experts[0]];
    Vector share = linear(name, x, experts.size());
    double total = 0;
    for (double &s : share)
      total += s = std::exp(s);
    Vector out(outputs[experts[0]].size(), 0.0);
    for (std::size_t e = 0; e < experts.size(); ++e) {
      for (std::size_t j = 0; j < out.size(); ++j)
        out[j] += share[e] / total * outputs[experts[e]][j];
    }
    return out;
  }

  double tower(const Json &head, Vector value) {
    const std::string prefix =
        "tower." + head["name"].get<std::string>() + ".layer.";
    const std::size_t n_hidden = head["tower"].size();
    for (std::size_t k = 0; k <= n_hidden; ++k) {
      if (k > 0 || !spec_["levels"].empty())
        value = with_fed(value);
      value = linear(prefix + std::to_string(k), value,
                     k < n_hidden ? head["tower"][k].get<std::size_t>() : 1);
      if (k < n_hidden)
        relu(&value);
    }
    return value[0];
  }

  const Json &spec_;
  Tensors *tensors_;
  std::mt19937_64 *random_;
  Vector fed_;
};

} // namespace

Json draw_row(std::mt19937_64 *random) {
  const auto text = [&]() -> Json {
    const char *values[] = {"a", "b", "c", "never seen"};
    return values[below(random, 4)];
  };
  Json row = {{"context", Json::object()},
              {"candidate", Json::object()},
              {"pair", Json::object()}};
  if (below(random, 5) != 0)
    row["context"]["state"] = text();
  if (below(random, 5) != 0)
    row["context"]["surface"] = text();
  if (below(random, 5) != 0)
    row["context"]["income"] = normal(random);
  row["context"]["debt"] = 3 * normal(random);
  if (below(random, 5) != 0)
    row["candidate"]["kind"] = text();
  if (below(random, 5) != 0)
    row["candidate"]["price"] = std::exp(normal(random));
  Json tags = Json::array();
  for (std::size_t n = below(random, 4); n-- > 0;)
    tags.push_back(text());
  row["candidate"]["tags"] = tags;
  if (below(random, 5) != 0)
    row["pair"]["seen"] = normal(random);
  return row;
}

DrawnNetwork draw_network(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  DrawnNetwork out;
  const std::vector<std::string> heads = {"click", "apply"};
  out.spec = {{"format", 1},
              {"name", "drawn"},
              {"version", "1"},
              {"fields", draw_fields(&random)},
              {"levels", draw_levels(&random, heads, seed % 4)},
              {"heads", Json::array()}};
  for (const std::string &head : heads) {
    Json tower = Json::array();
    for (std::size_t k = below(&random, 3); k-- > 0;)
      tower.push_back(3 + below(&random, 12));
    out.spec["heads"].push_back({{"name", head},
                                 {"kind", "probability"},
                                 {"tower", tower},
                                 {"negative_sampling_rate", 1.0},
                                 {"sampling_handled", "none"},
                                 {"calibrator", {{"kind", "identity"}}}});
  }
  ContractNetwork(out.spec, &out.tensors, &random).logits(draw_row(&random));
  return out;
}

void DrawnNetwork::write(const Folder &folder, std::size_t n_rows,
                         std::uint64_t seed) const {
  folder.write_model(spec, tensors);
  std::mt19937_64 random(seed);
  std::string lines;
  for (std::size_t i = 0; i < n_rows; ++i)
    lines += draw_row(&random).dump() + "\n";
  folder.write("calibration.jsonl", lines);
}

std::vector<double> contract_logits(const DrawnNetwork &network,
                                    const Json &row) {
  Tensors tensors = network.tensors;
  return ContractNetwork(network.spec, &tensors, nullptr).logits(row);
}

} // namespace guardrank::testing
