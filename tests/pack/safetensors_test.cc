// The safetensors reader, and the formats that are refused because they can
// execute code.
#include "models/pack/weights/safetensors.h"

#include <doctest/doctest.h>

#include "models/pack/weights/input_file.h"
#include "models/pack/weights/weights_folder.h"
#include "tests/pack/weights_folder.h"

using guardrank::Status;
using guardrank::pack::SafetensorsFile;
using namespace guardrank::testing;

namespace {

guardrank::pack::PackError open_error(const std::string &bytes) {
  const Folder folder;
  const auto path = folder.write("weights.safetensors", bytes);
  return error_of([&] { SafetensorsFile(path, "weights.safetensors"); });
}

std::vector<float> read_one(const std::string &type, const std::string &data) {
  const Folder folder;
  const std::string header = R"({"t": {"dtype": ")" + type +
                             R"(", "shape": [1], "data_offsets": [0, )" +
                             std::to_string(data.size()) + "]}}";
  SafetensorsFile file(
      folder.write("t.safetensors", safetensors_bytes(header, data)), "t");
  return file.read("t");
}

} // namespace

TEST_CASE("numbers of every width are read") {
  // 1.5 in IEEE 754 binary16, bfloat16, binary32 and binary64, little endian.
  CHECK(read_one("F16", std::string("\x00\x3e", 2))[0] == 1.5f);
  CHECK(read_one("BF16", std::string("\xc0\x3f", 2))[0] == 1.5f);
  CHECK(read_one("F32", std::string("\x00\x00\xc0\x3f", 4))[0] == 1.5f);
  CHECK(read_one("F64", std::string("\x00\x00\x00\x00\x00\x00\xf8\x3f",
                                    8))[0] == 1.5f);
  // The smallest subnormal of binary16 is 2^-24, the largest finite value
  // 65504.
  CHECK(read_one("F16", std::string("\x01\x00", 2))[0] == 0x1p-24f);
  CHECK(read_one("F16", std::string("\xff\xfb", 2))[0] == -65504.0f);
}

TEST_CASE("a file cut anywhere is refused") {
  const std::string whole = safetensors_bytes(small_tensors());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    const Status status = open_error(whole.substr(0, size)).status();
    CHECK(status == Status::truncated);
  }
  CHECK(open_error(whole).status() == Status::ok);
  CHECK(open_error(whole + "x").status() == Status::verify);
}

TEST_CASE("places of tensors are checked") {
  const auto header = [](const std::string &a, const std::string &b) {
    return R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": )" + a +
           R"(}, "b": {"dtype": "F32", "shape": [2], "data_offsets": )" + b +
           "}}";
  };
  const std::string data(16, '\0');
  CHECK(open_error(safetensors_bytes(header("[0, 8]", "[8, 16]"), data))
            .status() == Status::ok);
  CHECK(
      mentions(open_error(safetensors_bytes(header("[0, 8]", "[4, 12]"), data)),
               "overlap"));
  CHECK(open_error(safetensors_bytes(header("[0, 8]", "[8, 24]"), data))
            .status() == Status::verify);
  CHECK(open_error(safetensors_bytes(header("[0, 8]", "[16, 24]"), data))
            .status() == Status::truncated);
  CHECK(open_error(safetensors_bytes(header("[8, 0]", "[8, 16]"), data))
            .status() == Status::verify);
}

TEST_CASE("absurd headers take no memory") {
  std::string huge = safetensors_bytes(std::string("{}"), "");
  for (int i = 0; i < 8; ++i)
    huge[static_cast<std::size_t>(i)] = static_cast<char>(0x7f);
  CHECK(open_error(huge).status() == Status::verify);
  const std::string many =
      R"({"a": {"dtype": "F32", "shape": [4294967296, 4294967296, 16], "data_offsets": [0, 0]}})";
  CHECK(mentions(open_error(safetensors_bytes(many, "")), "more elements"));
  CHECK(open_error(safetensors_bytes(std::string("{\"a\": 1}"), "")).status() ==
        Status::verify);
  CHECK(open_error(safetensors_bytes(std::string("{\"a\""), "")).status() ==
        Status::json);
  std::string deep;
  for (int i = 0; i < 100; ++i)
    deep += "{\"a\":";
  CHECK(open_error(safetensors_bytes(deep, "")).status() == Status::limit);
  CHECK(
      open_error(
          safetensors_bytes(
              std::string(
                  R"({"a": {"dtype": "I64", "shape": [1], "data_offsets": [0, 8]}})"),
              std::string(8, '\0')))
          .status() == Status::verify);
}

TEST_CASE("formats that can execute code are refused with the reason") {
  for (const std::string &first :
       {std::string("\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00", 10),
        std::string("PK\x03\x04\x14\x00\x08\x08", 8),
        std::string("\x93NUMPY\x01\x00", 8),
        // As Python writes {"w": 1}, [1.0] and a NumPy array with protocols 0 and 1.
        std::string("(dp0\nVw\np1\nI1\ns."), std::string("(lp0\nF1.0\na."),
        std::string("cnumpy.core.multiarray\n_reconstruct\np0\n"),
        std::string("}q\x00X\x01\x00\x00\x00wq\x01K\x01s.", 16),
        std::string("\x1f\x8b\x08\x00\x01\x02\x03\x04", 8)}) {
    const auto error = open_error(first + std::string(64, 'x'));
    CHECK(error.status() == Status::unsafe_format);
    CHECK(mentions(error, "execute code"));
  }
}

TEST_CASE("a folder that has only unsafe weights is told why") {
  for (const char *name :
       {"model.pt", "model.pkl", "model.joblib", "weights.npz"}) {
    const Folder folder;
    folder.write("model.json", small_spec().dump());
    folder.write(name, "anything");
    const auto error =
        error_of([&] { guardrank::pack::read_weights_folder(folder.path()); });
    CHECK(error.status() == Status::unsafe_format);
    CHECK(mentions(error, name));
  }
}

TEST_CASE("an ONNX file of another name is told the one it is read by") {
  const Folder folder;
  folder.write("model.json", small_spec().dump());
  folder.write("model.onnx", "anything");
  const auto error =
      error_of([&] { guardrank::pack::read_weights_folder(folder.path()); });
  CHECK(error.status() == Status::missing);
  CHECK(mentions(error, "model.onnx"));
  CHECK(mentions(error, "named weights.onnx"));
}

TEST_CASE("a header whose length looks like a pickle is a header") {
  // 0x0480 bytes: the file starts with the bytes of a pickle of protocol 4.
  std::string header =
      R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}})";
  header.resize(0x0480, ' ');
  CHECK(open_error(safetensors_bytes(header, std::string(4, '\0'))).status() ==
        Status::ok);
}
