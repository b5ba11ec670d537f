// guardrank's network alone, given and giving what the peers are: codes and dense numbers in typed
// arrays (a column per field), logits in one. With sums kept, the candidates are rows of the catalog.
const modules = { relaxed: "network-relaxed.wasm", simd128: "network.wasm" };

async function instantiate(kernel) {
  const answer = fetch(`/network/${modules[kernel]}`);
  const { instance } = await WebAssembly.instantiateStreaming(answer, {});
  instance.exports._initialize();
  return instance.exports;
}

/** [n, width] by rows to a column after the other. */
function columnsOf(inputs, name, n, kind) {
  const width = inputs.widths[name];
  return kind.from({ length: n * width }, (_, at) => inputs.arrays[name][(at % n) * width + Math.floor(at / n)]);
}

export async function open(inputs, { kernel, mode, model }) {
  const [network, bundle] = await Promise.all([
    instantiate(kernel), fetch(model).then((answer) => answer.arrayBuffer()),
  ]);
  const heads = inputs.heads.length;
  const check = (status) => {
    if (status !== 0) throw new Error(`status ${status}`);
  };
  const view = (kind, address, length) => new kind(network.memory.buffer, address, length);
  const give = (array) => {
    const address = network.network_memory(array.byteLength);
    view(array.constructor, address, array.length).set(array);
    return address;
  };
  const bytes = new Uint8Array(bundle);
  check(network.network_open(give(bytes), bytes.length));
  const name = kernelOf(network, kernel);
  const most = inputs.offers.length;
  const context = [columnsOf(inputs, "context_dense", 1, Float32Array), columnsOf(inputs, "context_codes", 1, Uint32Array)];
  const dense = (n) => columnsOf(inputs, "candidate_dense", n, Float32Array);
  const codes = (n) => columnsOf(inputs, "candidate_codes", n, Uint32Array);
  if (mode === "sums") check(network.network_keep(give(dense(most)), give(codes(most)), most));

  /** A request writes its arrays into the module, runs the network and takes the logits out, by head. */
  const request = (n) => {
    const arrays = [...context, ...(mode === "sums" ? [Uint32Array.from({ length: n }, (_, row) => row)]
      : [dense(n), codes(n)])];
    const places = arrays.map(give);
    const score = mode === "sums" ? network.network_score_kept : network.network_score;
    return () => {
      arrays.forEach((array, at) => view(array.constructor, places[at], array.length).set(array));
      check(score(...places, n));
      const logits = new Float32Array(heads * n);
      for (let head = 0; head < heads; head++) {
        logits.set(view(Float32Array, network.network_logits(head), n), head * n);
      }
      return logits;
    };
  };
  const logits = (n) => {
    const found = request(n)();
    return Float64Array.from({ length: n * heads }, (_, at) => found[(at % heads) * n + Math.floor(at / heads)]);
  };
  return { request, logits, kernel: name };
}

/** The kernel's name. Relaxed SIMD has two, of which the module takes the better one, and no other. */
function kernelOf(network, kernel) {
  const text = new Uint8Array(network.memory.buffer, network.network_kernel(), 32);
  const name = new TextDecoder().decode(text.slice(0, text.indexOf(0)));
  if (!name.startsWith(`wasm_${kernel}`)) throw new Error(`the kernel is ${name}`);
  return name;
}
