#include "models/pack/weights/onnx_reader.h"

#include <charconv>
#include <limits>
#include <protozero/pbf_reader.hpp>

#include "models/pack/pack_error.h"
#include "models/pack/weights/number_formats.h"

namespace guardrank::pack {
namespace {

using protozero::data_view;
using protozero::pbf_reader;
using Wire = protozero::pbf_wire_type;

constexpr std::uint32_t at(std::uint32_t field, Wire type) { return protozero::tag_and_type(field, type); }

// Fields by the numbers of onnx.proto. One of another wire type is a field that nobody knows, as protobuf has it.
constexpr std::uint32_t model_graph = at(7, Wire::length_delimited),
                        model_functions = at(25, Wire::length_delimited);
constexpr std::uint32_t graph_node = at(1, Wire::length_delimited),
                        graph_initializer = at(5, Wire::length_delimited),
                        graph_sparse = at(15, Wire::length_delimited);
constexpr std::uint32_t node_input = at(1, Wire::length_delimited),
                        node_output = at(2, Wire::length_delimited),
                        node_op = at(4, Wire::length_delimited),
                        node_attribute = at(5, Wire::length_delimited),
                        node_domain = at(7, Wire::length_delimited);
constexpr std::uint32_t attribute_name = at(1, Wire::length_delimited),
                        attribute_float = at(2, Wire::fixed32), attribute_int = at(3, Wire::varint),
                        attribute_tensor = at(5, Wire::length_delimited),
                        attribute_graph = at(6, Wire::length_delimited),
                        attribute_ints = at(8, Wire::length_delimited),
                        attribute_int_of_ints = at(8, Wire::varint),
                        attribute_graphs = at(11, Wire::length_delimited);
constexpr std::uint32_t tensor_dims = at(1, Wire::length_delimited), tensor_dim = at(1, Wire::varint),
                        tensor_type = at(2, Wire::varint),
                        tensor_floats = at(4, Wire::length_delimited),
                        tensor_ints = at(5, Wire::length_delimited),
                        tensor_name = at(8, Wire::length_delimited),
                        tensor_raw = at(9, Wire::length_delimited),
                        tensor_doubles = at(10, Wire::length_delimited),
                        tensor_beside = at(13, Wire::length_delimited),
                        tensor_location = at(14, Wire::varint);
constexpr std::uint32_t entry_key = at(1, Wire::length_delimited),
                        entry_value = at(2, Wire::length_delimited);

// TensorProto as it stands; `numbers` is the one field that has them.
struct Tensor {
  std::string name;
  std::vector<std::uint64_t> shape;
  std::int64_t type = 0;
  bool is_beside = false, has_numbers = false, are_raw = false;
  data_view numbers;
  std::string location, offset, length;
};

class Reader {
 public:
  Reader(std::string_view bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  OnnxContents read() {
    pbf_reader model(bytes_.data(), bytes_.size());
    std::size_t n_graphs = 0;
    while (model.next()) {
      if (model.tag_and_type() == model_functions)
        hides("has functions of its own, which hide operators: inline them before saving");
      if (model.tag_and_type() != model_graph) {
        model.skip();
        continue;
      }
      if (++n_graphs > 1) malformed("has two graphs");
      read_graph(model.get_message());
    }
    if (n_graphs == 0) malformed("is not an ONNX model: it has no graph");
    return std::move(contents_);
  }

 private:
  [[noreturn]] void malformed(const std::string& what) const {
    throw PackError(Status::verify, name_, what);
  }
  [[noreturn]] void hides(const std::string& what) const {
    throw PackError(Status::model_json, name_, what);
  }

  void read_graph(pbf_reader graph) {
    while (graph.next()) {
      switch (graph.tag_and_type()) {
        case graph_node:
          read_node(graph.get_message());
          break;
        case graph_initializer:
          add(read_tensor(graph.get_message()));
          break;
        case graph_sparse:
          hides("has sparse tensors: wanted dense ones");
        default:
          graph.skip();
      }
    }
  }

  void read_node(pbf_reader message) {
    OnnxNode node;
    std::string domain;
    Tensor constant;
    while (message.next()) {
      switch (message.tag_and_type()) {
        case node_input:
          node.inputs.push_back(message.get_string());
          break;
        case node_output:
          node.outputs.push_back(message.get_string());
          break;
        case node_op:
          node.op = message.get_string();
          break;
        case node_domain:
          domain = message.get_string();
          break;
        case node_attribute:
          read_attribute(message.get_message(), &node, &constant);
          break;
        default:
          message.skip();
      }
    }
    if (!domain.empty() && domain != "ai.onnx") node.op = domain + "." + node.op;
    if (node.op == "Constant" && !node.outputs.empty()) {
      constant.name = node.outputs[0];
      return add(constant);
    }
    contents_.graph.add(std::move(node));
  }

  void read_attribute(pbf_reader message, OnnxNode* node, Tensor* constant) {
    std::string name;
    std::int64_t whole = 0;
    float number = 0;
    std::vector<std::int64_t> list;
    while (message.next()) {
      switch (message.tag_and_type()) {
        case attribute_name:
          name = message.get_string();
          break;
        case attribute_float:
          number = message.get_float();
          break;
        case attribute_int:
          whole = message.get_int64();
          break;
        case attribute_ints:
          for (const std::int64_t i : message.get_packed_int64()) list.push_back(i);
          break;
        case attribute_int_of_ints:
          list.push_back(message.get_int64());
          break;
        case attribute_tensor:
          *constant = read_tensor(message.get_message());
          break;
        case attribute_graph:
        case attribute_graphs:
          hides("has an operator with a graph of its own (If, Loop or Scan), whose operators cannot be followed");
        default:
          message.skip();
      }
    }
    if (name == "transB") node->trans_b = whole;
    if (name == "axis") node->axis = whole;
    if (name == "alpha") node->alpha = number;
    if (name == "beta") node->beta = number;
    if (name == "perm") node->perm = std::move(list);
  }

  Tensor read_tensor(pbf_reader message) {
    Tensor tensor;
    while (message.next()) {
      switch (message.tag_and_type()) {
        case tensor_dims:
          for (const std::int64_t n : message.get_packed_int64()) add_dimension(n, &tensor);
          break;
        case tensor_dim:
          add_dimension(message.get_int64(), &tensor);
          break;
        case tensor_type:
          tensor.type = message.get_int64();
          break;
        case tensor_name:
          tensor.name = message.get_string();
          break;
        case tensor_raw:
          take_numbers(message.get_view(), true, &tensor);
          break;
        case tensor_floats:
        case tensor_doubles:
        case tensor_ints:
          take_numbers(message.get_view(), false, &tensor);
          break;
        case tensor_beside:
          read_entry(message.get_message(), &tensor);
          break;
        case tensor_location:
          tensor.is_beside = message.get_int64() == 1;
          break;
        default:
          message.skip();
      }
    }
    return tensor;
  }

  void add_dimension(std::int64_t n, Tensor* tensor) const {
    if (n < 0 || tensor->shape.size() == max_tensor_rank)
      malformed("a tensor's shape has a negative size, or more than " + std::to_string(max_tensor_rank));
    tensor->shape.push_back(static_cast<std::uint64_t>(n));
  }

  // Writers leave a field out that has nothing in it, or give it empty.
  void take_numbers(const data_view& numbers, bool are_raw, Tensor* tensor) const {
    if (numbers.empty()) return;
    if (tensor->has_numbers) malformed("a tensor's numbers stand in several places");
    tensor->has_numbers = true;
    tensor->are_raw = are_raw;
    tensor->numbers = numbers;
  }

  static void read_entry(pbf_reader message, Tensor* tensor) {
    std::string key, value;
    while (message.next()) {
      if (message.tag_and_type() == entry_key) {
        key = message.get_string();
      } else if (message.tag_and_type() == entry_value) {
        value = message.get_string();
      } else {
        message.skip();
      }
    }
    if (key == "location") tensor->location = value;
    if (key == "offset") tensor->offset = value;
    if (key == "length") tensor->length = value;
  }

  // TensorProto.DataType. False: whole numbers, texts and the like, which are no weights.
  static bool type_of(std::int64_t type, TensorType* out) {
    switch (type) {
      case 1:
        *out = TensorType::f32;
        return true;
      case 10:
        *out = TensorType::f16;
        return true;
      case 11:
        *out = TensorType::f64;
        return true;
      case 16:
        *out = TensorType::bf16;
        return true;
      default:
        return false;
    }
  }

  void add(const Tensor& tensor) {
    const std::string where = name_ + ": tensor " + tensor.name;
    TensorEntry entry;
    entry.shape = tensor.shape;
    if (!count_elements(&entry))
      throw PackError(Status::verify, where, "the shape has more elements than a file can hold");
    if (!type_of(tensor.type, &entry.type) || entry.shape.empty()) return;
    entry.may_be_left = entry.count <= 1;
    std::uint64_t bytes = 0;
    if (__builtin_mul_overflow(entry.count, bytes_of(entry.type), &bytes))
      throw PackError(Status::verify, where, "the shape has more elements than a file can hold");
    if (tensor.is_beside) {
      place_beside(tensor, where, bytes, &entry);
    } else {
      place(tensor, where, bytes, &entry);
    }
    if (contents_.tensors.size() == max_tensors) malformed("has more tensors than are read");
    if (!contents_.tensors.emplace(tensor.name, std::move(entry)).second)
      throw PackError(Status::verify, where, "stands twice");
  }

  void place(const Tensor& tensor, const std::string& where, std::uint64_t bytes,
             TensorEntry* entry) const {
    const bool is_half = entry->type == TensorType::f16 || entry->type == TensorType::bf16;
    if (is_half && tensor.has_numbers && !tensor.are_raw)
      throw PackError(Status::verify, where, "has its 16-bit numbers in int32_data: wanted raw_data");
    if (tensor.numbers.size() != bytes)
      throw PackError(Status::verify, where,
                      "has " + std::to_string(tensor.numbers.size()) + " bytes of numbers, its shape " +
                          shape_text(entry->shape) + " takes " + std::to_string(bytes));
    entry->begin = static_cast<std::uint64_t>(tensor.numbers.data() - bytes_.data());
    entry->end = entry->begin + bytes;
  }

  // A file of another folder is never opened: the names in a file are not its reader's.
  static void place_beside(const Tensor& tensor, const std::string& where, std::uint64_t bytes,
                           TensorEntry* entry) {
    const std::string& file = tensor.location;
    if (file.empty() || file == "." || file == ".." || file.find_first_of("/\\") != std::string::npos ||
        file.find('\0') != std::string::npos)
      throw PackError(Status::verify, where,
                      "its numbers stand in \"" + file + "\": wanted a file of the same folder");
    if (tensor.has_numbers)
      throw PackError(Status::verify, where, "has numbers here and in " + file);
    const std::uint64_t length = tensor.length.empty() ? bytes : whole(tensor.length, where);
    entry->begin = tensor.offset.empty() ? 0 : whole(tensor.offset, where);
    if (length != bytes || __builtin_add_overflow(entry->begin, bytes, &entry->end))
      throw PackError(Status::verify, where,
                      "has " + tensor.length + " bytes in " + file + ", its shape " +
                          shape_text(entry->shape) + " takes " + std::to_string(bytes));
    entry->beside = file;
  }

  static std::uint64_t whole(const std::string& text, const std::string& where) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
      throw PackError(Status::verify, where, "wanted a whole number of bytes, found \"" + text + "\"");
    return value;
  }

  std::string_view bytes_;
  const std::string& name_;
  OnnxContents contents_;
};

}  // namespace

OnnxContents read_onnx(std::string_view bytes, const std::string& name) {
  try {
    return Reader(bytes, name).read();
  } catch (const protozero::end_of_buffer_exception&) {
    throw PackError(Status::truncated, name, "ends early");
  } catch (const protozero::exception& problem) {
    throw PackError(Status::verify, name, std::string("is not an ONNX model: ") + problem.what());
  }
}

}  // namespace guardrank::pack
