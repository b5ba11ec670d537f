// TensorFlow.js with its WebAssembly backend, SIMD, one thread; float, the only kind that it has. The
// network in its own operators: what reads x in one product, "once" with the context's part once.
import { rowsOf } from "/page/arrays.js";

function script(address) {
  return new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = address;
    element.onload = resolve;
    element.onerror = () => reject(new Error(`cannot load ${address}`));
    document.head.append(element);
  });
}

async function start() {
  await script("/npm/@tensorflow/tfjs-core/dist/tf-core.min.js");
  await script("/npm/@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js");
  const { tf } = globalThis;
  tf.enableProdMode();
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  tf.wasm.setWasmPaths("/npm/@tensorflow/tfjs-backend-wasm/dist/");
  if (!(await tf.setBackend("wasm"))) throw new Error("TensorFlow.js has no WebAssembly backend");
  return tf;
}

export async function open(inputs, { graph, model }) {
  const [tf, manifest, file] = await Promise.all([
    start(),
    fetch(model.replace(/bin$/, "json")).then((answer) => answer.json()),
    fetch(model).then((answer) => answer.arrayBuffer()),
  ]);
  const weights = {};
  for (const [name, { offset, shape }] of Object.entries(manifest.entries)) {
    const length = shape.reduce((product, each) => product * each, 1);
    weights[name] = tf.tensor(new Float32Array(file, offset, length), shape);
  }
  const network = new Network(tf, weights, manifest.shape, graph);

  const request = (n) => {
    const arrays = {};
    for (const side of ["context", "candidate"]) {
      const repeats = graph !== "once";
      const codes = rowsOf(inputs, `${side}_codes`, n, repeats);
      const width = inputs.widths[`${side}_codes`];
      arrays[side] = {
        dense: Float32Array.from(rowsOf(inputs, `${side}_dense`, n, repeats)),
        width: inputs.widths[`${side}_dense`],
        columns: Array.from({ length: width }, (_, column) =>
          Int32Array.from(codes.filter((_, index) => index % width === column))),
      };
    }
    return () => {
      const logits = tf.tidy(() => network.logits(arrays.context, arrays.candidate));
      const values = logits.dataSync();
      logits.dispose();
      return values;
    };
  };
  return { request, logits: (n) => request(n)() };
}

class Network {
  constructor(tf, weights, shape, graph) {
    Object.assign(this, { tf, weights, shape, graph });
    if (graph !== "once") return;
    const width = weights["table.context.0"].shape[1];
    const [nInputs, nOutputs] = weights["first.weight"].shape;
    const split = nInputs / 2; // both sides have the same fields
    if (width * shape.contextTables > split) throw new Error("the sides differ");
    this.contextWeight = tf.slice(weights["first.weight"], [0, 0], [split, nOutputs]);
    this.candidateWeight = tf.slice(weights["first.weight"], [split, 0], [nInputs - split, nOutputs]);
  }

  linear(value, name, activation) {
    const { tf, weights } = this;
    const bias = weights[`${name}.bias`];
    return tf.fused.matMul({ a: value, b: weights[`${name}.weight`], bias, activation });
  }

  side(name, { dense, width, columns }) {
    const { tf, weights } = this;
    const rows = columns.map((codes, index) =>
      tf.gather(weights[`table.${name}.${index}`], tf.tensor1d(codes, "int32")));
    return tf.concat([tf.tensor2d(dense, [dense.length / width, width]), ...rows], 1);
  }

  first(context, candidate) {
    const { tf } = this;
    if (this.graph !== "once") return this.linear(tf.concat([context, candidate], 1), "first");
    const bias = this.weights["first.bias"];
    const once = tf.fused.matMul({ a: context, b: this.contextWeight, bias });
    return tf.add(tf.matMul(candidate, this.candidateWeight), once);
  }

  logits(context, candidate) {
    const { tf, shape } = this;
    const first = this.first(this.side("context", context), this.side("candidate", candidate));
    const width = (first.shape[1] - shape.heads * shape.experts) / shape.experts;
    const widths = [
      ...new Array(shape.experts).fill(width), ...new Array(shape.heads).fill(shape.experts),
    ];
    const parts = tf.split(first, widths, 1);
    const experts = parts.slice(0, shape.experts).map((part, expert) => {
      let value = tf.relu(part);
      for (let k = 1; k < shape.layers; k++) value = this.linear(value, `expert.${expert}.${k}`, "relu");
      return value;
    });
    const stacked = tf.stack(experts, 1);
    const gates = parts.slice(shape.experts);
    return tf.concat(gates.map((gate, head) => this.tower(head, gate, stacked)), 1);
  }

  tower(head, gate, stacked) {
    const { tf, shape } = this;
    let value = tf.squeeze(tf.matMul(tf.expandDims(tf.softmax(gate), 1), stacked), [1]);
    for (let k = 0; k < shape.tower; k++) {
      const activation = k + 1 < shape.tower ? "relu" : undefined;
      value = this.linear(value, `tower.${head}.${k}`, activation);
    }
    return value;
  }
}
