// The ONNX reader: tensors, the way they are multiplied, names that exporters lost, graphs that are not
// what model.json says, and hostile files.
#include "models/pack/weights/onnx_file.h"

#include <cstring>

#include <doctest/doctest.h>
#include <protozero/pbf_writer.hpp>

#include "models/pack/weights/weights_folder.h"
#include "tests/pack/weights_folder.h"

using guardrank::Status;
using guardrank::pack::OnnxFile;
using guardrank::pack::PackError;
using guardrank::pack::TrainedModel;
using namespace guardrank::testing;
using protozero::pbf_writer;
using Names = std::vector<std::string>;
using Shape = std::vector<std::int64_t>;

namespace {

template <typename Write> std::string message(const Write &write) {
  std::string bytes;
  pbf_writer writer(bytes);
  write(&writer);
  return bytes;
}

// TensorProto with its numbers as raw_data.
std::string tensor(const std::string &name, const Shape &shape, int type, const std::string &raw) {
  return message([&](pbf_writer *out) {
    out->add_packed_int64(1, shape.begin(), shape.end());
    out->add_int32(2, type);
    out->add_string(8, name);
    out->add_bytes(9, raw);
  });
}

std::string tensor(const std::string &name, const Shape &shape, const std::vector<float> &values) {
  return tensor(name, shape, 1,
                std::string(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float)));
}

// Numbers in another file: TensorProto's external_data.
std::string tensor_beside(const std::string &name, const Shape &shape, const std::string &file,
                          const std::string &offset) {
  return message([&](pbf_writer *out) {
    out->add_packed_int64(1, shape.begin(), shape.end());
    out->add_int32(2, 1);
    out->add_string(8, name);
    const auto add = [out](const std::string &key, const std::string &value) {
      out->add_message(13, message([&](pbf_writer *entry) {
                         entry->add_string(1, key);
                         entry->add_string(2, value);
                       }));
    };
    add("location", file);
    add("offset", offset);
    out->add_int32(14, 1);
  });
}

std::string attribute(const std::string &name, std::int64_t value) {
  return message([&](pbf_writer *out) {
    out->add_string(1, name);
    out->add_int64(3, value);
  });
}

std::string node(const std::string &op, const Names &inputs, const Names &outputs,
                 const Names &attributes = {}) {
  return message([&](pbf_writer *out) {
    for (const std::string &input : inputs) out->add_string(1, input);
    for (const std::string &output : outputs) out->add_string(2, output);
    out->add_string(4, op);
    for (const std::string &one : attributes) out->add_message(5, one);
  });
}

std::string model(const Names &tensors, const Names &nodes = {}) {
  const std::string graph = message([&](pbf_writer *out) {
    for (const std::string &one : nodes) out->add_message(1, one);
    out->add_string(2, "main");
    for (const std::string &one : tensors) out->add_message(5, one);
  });
  return message([&](pbf_writer *out) {
    out->add_int64(1, 8);
    out->add_string(2, "a test");
    out->add_message(7, graph);
  });
}

// A tower of two hidden outputs over two fields, so that its first weight is square.
Json square_spec() {
  Json spec = small_spec();
  spec["fields"].push_back(spec["fields"][0]);
  spec["fields"][1]["name"] = "age";
  spec["heads"][0]["tower"] = {2};
  return spec;
}

const std::string first_weight = tensor("tower.click.layer.0.weight", {2, 2}, {1, 2, 3, 4});
const std::string first_bias = tensor("tower.click.layer.0.bias", {2}, {5, 6});
const std::string last_weight = tensor("tower.click.layer.1.weight", {1, 2}, {7, 8});
const std::string last_bias = tensor("tower.click.layer.1.bias", {1}, {9});
const Names all_tensors = {first_weight, first_bias, last_weight, last_bias};
const std::string last_nodes =
    node("Gemm", {"hidden", "tower.click.layer.1.weight", "tower.click.layer.1.bias"}, {"logit"},
         {attribute("transB", 1)});

TrainedModel read(const std::string &bytes, const Json &spec = square_spec()) {
  const Folder folder;
  folder.write("model.json", spec.dump());
  folder.write("weights.onnx", bytes);
  return guardrank::pack::read_weights_folder(folder.path());
}

std::vector<float> first_layer(const Names &nodes) {
  Names all = nodes;
  all.push_back(last_nodes);
  return read(model(all_tensors, all)).heads[0].tower[0].weights;
}

PackError refusal(const Names &tensors, const Names &nodes = {}, const Json &spec = square_spec()) {
  return error_of([&] { read(model(tensors, nodes), spec); });
}

const std::vector<float> as_stored = {1, 2, 3, 4}, transposed = {1, 3, 2, 4};

} // namespace

TEST_CASE("tensors alone are read by name") {
  const TrainedModel read_model = read(model(all_tensors));
  CHECK(read_model.heads[0].tower[0].weights == as_stored);
  CHECK(read_model.heads[0].tower[0].bias == std::vector<float>{5, 6});
  CHECK(read_model.heads[0].tower[1].weights == std::vector<float>{7, 8});
  CHECK(read_model.heads[0].tower[1].bias == std::vector<float>{9});
}

TEST_CASE("numbers of every width and field are read") {
  const auto read_one = [](const std::string &bytes) {
    const Folder folder;
    return OnnxFile(folder.write("t.onnx", model({bytes})), "t").read("t");
  };
  // 1.5 in binary16, bfloat16 and binary64; then float_data and double_data.
  CHECK(read_one(tensor("t", {1}, 10, std::string("\x00\x3e", 2)))[0] == 1.5f);
  CHECK(read_one(tensor("t", {1}, 16, std::string("\xc0\x3f", 2)))[0] == 1.5f);
  CHECK(read_one(tensor("t", {1}, 11, std::string("\x00\x00\x00\x00\x00\x00\xf8\x3f", 8)))[0] == 1.5f);
  const std::vector<float> floats = {1.5f, -2.0f};
  CHECK(read_one(message([&](pbf_writer *out) {
          out->add_int64(1, 2);   // dimensions one by one, as old writers have them
          out->add_int32(2, 1);
          out->add_packed_float(4, floats.begin(), floats.end());
          out->add_string(8, "t");
        })) == floats);
  const std::vector<double> doubles = {1.5, -2.0};
  CHECK(read_one(message([&](pbf_writer *out) {
          out->add_int64(1, 2);
          out->add_int32(2, 11);
          out->add_packed_double(10, doubles.begin(), doubles.end());
          out->add_string(8, "t");
        })) == floats);
}

TEST_CASE("the graph tells which way a square matrix is multiplied") {
  const std::string weight = "tower.click.layer.0.weight", bias = "tower.click.layer.0.bias";
  const std::string relu = node("Relu", {"sum"}, {"hidden"});
  const std::string add = node("Add", {bias, "product"}, {"sum"});
  CHECK(first_layer({node("Gemm", {"x", weight, bias}, {"sum"}, {attribute("transB", 1)}), relu}) == as_stored);
  CHECK(first_layer({node("Gemm", {"x", weight, bias}, {"sum"}), relu}) == transposed);
  CHECK(first_layer({node("MatMul", {"x", weight}, {"product"}), add, relu}) == transposed);
  const std::string turn = node("Transpose", {weight}, {"turned"});
  CHECK(first_layer({turn, node("MatMul", {"x", "turned"}, {"product"}), add, relu}) == as_stored);
  const std::string copy = node("Identity", {"turned"}, {"copy"});
  CHECK(first_layer({turn, copy, node("MatMul", {"x", "copy"}, {"product"}), add, relu}) == as_stored);
  // A constant's node is as good as an initialiser.
  const std::string constant = node("Constant", {}, {weight}, {message([](pbf_writer *out) {
                                      out->add_string(1, "value");
                                      out->add_message(5, tensor("", {2, 2}, {1, 2, 3, 4}));
                                    })});
  const TrainedModel from_constant =
      read(model({first_bias, last_weight, last_bias},
                 {constant, node("MatMul", {"x", weight}, {"product"}), add, relu, last_nodes}));
  CHECK(from_constant.heads[0].tower[0].weights == transposed);

  const auto both = refusal(all_tensors, {node("MatMul", {"x", weight}, {"product"}), add, relu, turn,
                                          node("MatMul", {"y", "turned"}, {"other"}), last_nodes});
  CHECK(both.status() == Status::model_json);
  CHECK(mentions(both, "is multiplied both as it stands and transposed"));
  const auto left = refusal(all_tensors, {node("MatMul", {weight, "x"}, {"sum"}), relu, last_nodes});
  CHECK(mentions(left, "is input 0 of MatMul"));
}

TEST_CASE("a weight that lost its name is found beside its bias") {
  const Names tensors = {tensor("onnx::MatMul_7", {2, 2}, {1, 2, 3, 4}), first_bias, last_weight, last_bias};
  const std::string product = node("MatMul", {"x", "onnx::MatMul_7"}, {"product"});
  const std::string relu = node("Relu", {"sum"}, {"hidden"});
  const TrainedModel found = read(model(
      tensors, {product, node("Add", {"tower.click.layer.0.bias", "product"}, {"sum"}), relu, last_nodes}));
  CHECK(found.heads[0].tower[0].weights == transposed);
  const auto lost = refusal(tensors);
  CHECK(lost.status() == Status::tensor_missing);
  CHECK(mentions(lost, "weights.onnx: tensor tower.click.layer.0.weight: missing"));
}

TEST_CASE("model.json may give the file's own names") {
  Json spec = square_spec();
  spec["tensors"] = {{"tower.click.layer.0.weight", "dense/kernel"}, {"tower.click.layer.1.bias", "b"}};
  const Names tensors = {tensor("dense/kernel", {2, 2}, {1, 2, 3, 4}), first_bias, last_weight,
                         tensor("b", {1}, {3})};
  const TrainedModel found = read(model(tensors), spec);
  CHECK(found.heads[0].tower[0].weights == as_stored);
  CHECK(found.heads[0].tower[1].bias[0] == 3);
  const auto absent = refusal(all_tensors, {}, spec);
  CHECK(absent.status() == Status::tensor_missing);
  CHECK(mentions(absent, "model.json: tensors.tower.click.layer.0.weight: weights.onnx has no tensor dense/kernel"));
  spec["tensors"] = {{"tower.apply.layer.0.weight", "dense/kernel"}};
  const auto unknown = refusal(all_tensors, {}, spec);
  CHECK(unknown.status() == Status::model_json);
  CHECK(mentions(unknown, "tensors.tower.apply.layer.0.weight: the model has no tensor of this name"));
  spec["tensors"] = {{"tower.click.layer.0.weight", 3}};
  CHECK(refusal(all_tensors, {}, spec).status() == Status::model_json);
}

TEST_CASE("a graph that computes something else is refused") {
  const auto hidden_by = [](const std::string &op) {
    return refusal(all_tensors,
                   {node("Gemm", {"x", "tower.click.layer.0.weight", "tower.click.layer.0.bias"}, {"sum"}),
                    node(op, {"sum"}, {"hidden"}), last_nodes});
  };
  CHECK(hidden_by("Relu").status() == Status::ok);
  const auto leaky = hidden_by("LeakyRelu");
  CHECK(leaky.status() == Status::model_json);
  CHECK(mentions(leaky, "tower.click.layer.0.weight: its layer is followed by LeakyRelu"));
  CHECK(mentions(hidden_by("BatchNormalization"), "followed by BatchNormalization"));
  const auto after_logit = refusal(all_tensors, {last_nodes, node("Relu", {"logit"}, {"out"})});
  CHECK(mentions(after_logit, "tower.click.layer.1.weight: its layer is followed by Relu"));
  CHECK(refusal(all_tensors, {last_nodes, node("Sigmoid", {"logit"}, {"p"})}).status() == Status::ok);
  const auto scaled = refusal(
      all_tensors, {node("Gemm", {"x", "tower.click.layer.0.weight", "tower.click.layer.0.bias"}, {"sum"},
                         {message([](pbf_writer *out) {
                           out->add_string(1, "alpha");
                           out->add_float(2, 0.5f);
                         })})});
  CHECK(mentions(scaled, "alpha or beta"));
  Names more = all_tensors;
  more.push_back(tensor("scaler.mean", {3}, {1, 2, 3}));
  CHECK(mentions(refusal(more), "holds tensors that model.json has no place for: scaler.mean"));
  more.back() = tensor("epsilon", {1}, {1});   // a graph's own constant
  CHECK(refusal(more).status() == Status::ok);
}

TEST_CASE("operators that hide in functions or subgraphs are refused") {
  const std::string with_function = model(all_tensors) + message([](pbf_writer *out) {
                                      out->add_message(25, std::string());
                                    });
  CHECK(error_of([&] { read(with_function); }).status() == Status::model_json);
  const std::string loop = node("Loop", {"a"}, {"b"}, {message([](pbf_writer *out) {
                                  out->add_string(1, "body");
                                  out->add_message(6, std::string());
                                })});
  CHECK(mentions(refusal(all_tensors, {loop}), "If, Loop or Scan"));
}

TEST_CASE("numbers may stand in a file beside") {
  const Names tensors = {tensor_beside("tower.click.layer.0.weight", {2, 2}, "weights.onnx.data", "4"),
                         first_bias, last_weight, last_bias};
  const Folder folder;
  folder.write("model.json", square_spec().dump());
  folder.write("weights.onnx", model(tensors));
  const auto read_folder = [&] { return guardrank::pack::read_weights_folder(folder.path()); };
  CHECK(error_of(read_folder).status() == Status::missing);
  const float numbers[] = {0, 1, 2, 3, 4};
  const std::string data(reinterpret_cast<const char *>(numbers), sizeof numbers);
  folder.write("weights.onnx.data", data.substr(0, 19));
  CHECK(error_of(read_folder).status() == Status::truncated);
  folder.write("weights.onnx.data", data);
  CHECK(read_folder().heads[0].tower[0].weights == as_stored);
  for (const std::string place : {"../weights.onnx.data", "/etc/hostname", "", "..", "a\\b"}) {
    CAPTURE(place);
    const auto away = refusal({tensor_beside("t", {2, 2}, place, "0")});
    CHECK(away.status() == Status::verify);
    CHECK(mentions(away, "wanted a file of the same folder"));
  }
  for (const std::string offset : {"-1", "x", "18446744073709551615"}) {
    CAPTURE(offset);
    CHECK(refusal({tensor_beside("t", {2, 2}, "f", offset)}).status() == Status::verify);
  }
}

TEST_CASE("a file cut anywhere is refused, and hostile ones") {
  const std::string whole = model(all_tensors, {last_nodes});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK(error_of([&] { read(whole.substr(0, size)); }).status() != Status::ok);
  }
  CHECK(error_of([&] { read(whole); }).status() == Status::ok);
  CHECK(error_of([&] { read(""); }).status() == Status::verify);
  CHECK(error_of([&] { read(whole + whole); }).status() == Status::verify);
  CHECK(error_of([&] { read("\x80\x04\x95 a pickle"); }).status() == Status::unsafe_format);
  CHECK(refusal({first_weight, first_weight}).status() == Status::verify);
  CHECK(refusal({tensor("t", {-1}, {1})}).status() == Status::verify);
  CHECK(refusal({tensor("t", {3}, {1, 2})}).status() == Status::verify);
  CHECK(refusal({tensor("t", {1 << 30, 1 << 30, 1 << 30}, {1})}).status() == Status::verify);
  CHECK(refusal({tensor("t", Shape(9, 1), {1})}).status() == Status::verify);
  Names not_finite = all_tensors;
  not_finite[1] = tensor("tower.click.layer.0.bias", {2}, {1, INFINITY});
  CHECK(refusal(not_finite).status() == Status::not_finite);
  // Copies in a ring, and a fan of copies of copies, which must not be followed for ever.
  Names ring = {node("Identity", {"tower.click.layer.0.weight"}, {"a"}), node("Identity", {"a"}, {"b"}),
                node("Identity", {"b"}, {"a"})};
  CHECK(refusal(all_tensors, ring).status() == Status::ok);
  Names fan;
  for (int level = 0; level < 8; ++level) {
    for (int i = 0; i < 300; ++i)
      fan.push_back(node("Identity", {"v" + std::to_string(level)}, {"v" + std::to_string(level + 1)}));
  }
  fan.push_back(node("Identity", {"tower.click.layer.0.weight"}, {"v0"}));
  CHECK(refusal(all_tensors, fan).status() == Status::ok);
}

TEST_CASE("one file of tensors stands in a folder, by its name") {
  const Folder folder;
  folder.write_model(small_spec(), small_tensors());
  folder.write("weights.onnx", model({}));
  const auto both = error_of([&] { guardrank::pack::read_weights_folder(folder.path()); });
  CHECK(both.status() == Status::argument);
  CHECK(mentions(both, "stands beside weights.safetensors"));
}
