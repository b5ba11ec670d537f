// LiteRT.js on the processor (XNNPACK in WebAssembly, relaxed SIMD where the browser has it), one
// thread. A .tflite file has fixed shapes: there is one per number of offers, opened when first used.
import { inputNames, rowsOf } from "/page/arrays.js";

export async function open(inputs, { graph, model }) {
  const { loadLiteRt, loadAndCompile, Tensor } = await import("@litertjs/core");
  await loadLiteRt("/npm/@litertjs/core/wasm/");

  const request = async (n) => {
    const compiled = await loadAndCompile(model.replace("*", n), {
      accelerator: "wasm", cpuOptions: { numThreads: 1 },
    });
    const arrays = compiled.getInputDetails().map(({ name }) => {
      const input = inputNames.find((each) => name.includes(each));
      const values = rowsOf(inputs, input, n, graph !== "once");
      const kind = input.endsWith("codes") ? Int32Array : Float32Array;
      const width = inputs.widths[input];
      return { array: kind.from(values), shape: [values.length / width, width] };
    });
    return async () => {
      const tensors = arrays.map(({ array, shape }) => new Tensor(array, shape));
      const [output] = await compiled.run(tensors);
      const logits = output.toTypedArray().slice();
      output.delete();
      for (const tensor of tensors) tensor.delete();
      return logits;
    };
  };

  const requests = new Map();
  const once = async (n) => {
    if (!requests.has(n)) requests.set(n, await request(n));
    return requests.get(n);
  };
  return { request: once, logits: async (n) => (await once(n))() };
}
