// What is measured: each engine in each of its settings. A setting is what the page's files take.

const modes = {
  columns: "all candidates' facts sent as columns",
  catalog: "facts of the catalog",
  sums: "facts of the catalog, sums kept",
  catalogfilled: "facts of the catalog, request filled before",
  sumsfilled: "facts of the catalog, sums kept, request filled before",
};
const graphs = { typical: "typical", fused: "fused", once: "fused, context once" };
const onnxKinds = { fp32: "", "int8 dynamic": ".dynamic", "int8 static": ".static" };

function guardrank(size) {
  return ["relaxed", "simd128"].flatMap((kernel) =>
    Object.entries(modes).map(([mode, text]) => ({
      name: `guardrank ${kernel}, ${text}`,
      engine: "guardrank", kernel, mode, model: `/data/${size}.guardrank`,
    })));
}

const networkModes = { columns: "network alone", sums: "network alone, sums kept" };

function network(size) {
  return ["relaxed", "simd128"].flatMap((kernel) =>
    Object.entries(networkModes).map(([mode, text]) => ({
      name: `guardrank ${kernel}, ${text}`,
      engine: "network", kernel, mode, model: `/data/${size}.guardrank`,
    })));
}

function peers(size) {
  const folder = `/data/web/${size}`;
  const each = (library, engine, kinds, file) => Object.entries(graphs).flatMap(([graph, text]) =>
    kinds.map((kind) => ({
      name: `${library}, ${text}, ${kind}`,
      engine, graph, kind, model: `${folder}/${file(graph, kind)}`,
    })));
  return [
    ...each("ONNX Runtime Web", "onnx", Object.keys(onnxKinds),
      (graph, kind) => `${graph}${onnxKinds[kind]}.onnx`),
    ...each("LiteRT.js", "litert", ["fp32", "int8"], (graph, kind) => `${graph}.${kind}.*.tflite`),
    ...each("TensorFlow.js", "tensorflow", ["fp32"], () => "weights.bin")
      .filter(({ graph }) => graph !== "typical"),
  ];
}

export function settings(size) {
  return [...guardrank(size), ...network(size), ...peers(size)];
}

/** Those whose loading is measured: a typical choice of each. */
export function loadSettings(size) {
  return settings(size).filter(({ engine, mode, graph, kind }) =>
    engine === "network" ? false : engine === "guardrank" ? mode === "catalog"
      : engine === "tensorflow" ? graph === "fused"
        : graph === "typical" && kind !== "int8 dynamic");
}
