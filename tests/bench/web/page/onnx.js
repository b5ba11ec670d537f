// ONNX Runtime Web: the build of the WebAssembly provider alone, one thread, all optimisations.
import { inputNames, rowsOf } from "/page/arrays.js";

export async function open(inputs, { graph, model }) {
  const ort = await import("/npm/onnxruntime-web/dist/ort.wasm.min.mjs");
  ort.env.wasm.wasmPaths = "/npm/onnxruntime-web/dist/";
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ["wasm"],
    graphOptimizationLevel: "all",
  });

  const arraysOf = (n) => inputNames.map((name) => {
    const values = rowsOf(inputs, name, n, graph !== "once");
    const isCodes = name.endsWith("codes");
    const array = isCodes ? BigInt64Array.from(values, BigInt) : Float32Array.from(values);
    const width = inputs.widths[name];
    return { name, kind: isCodes ? "int64" : "float32", array, shape: [array.length / width, width] };
  });

  const request = (n) => {
    const arrays = arraysOf(n);
    return async () => {
      const feeds = {};
      for (const { name, kind, array, shape } of arrays) {
        feeds[name] = new ort.Tensor(kind, array, shape);
      }
      return (await session.run(feeds)).logits.data;
    };
  };
  return { request, logits: (n) => request(n)() };
}
