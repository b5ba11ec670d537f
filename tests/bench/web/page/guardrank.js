// guardrank's npm package: a whole request, with eligibility, values, guardrails and order, from the
// facts of the context (and of the candidates) to the first 20 offers and their scores.
const modules = { relaxed: "guardrank-relaxed.wasm", simd128: "guardrank.wasm" };

async function bytesOf(address) {
  return new Uint8Array(await (await fetch(address)).arrayBuffer());
}

export async function fetchBytes({ kernel, model }) {
  await import("/guardrank/guardrank.min.js");
  const [module, bundle] = await Promise.all([
    bytesOf(`/guardrank/${modules[kernel]}`), bytesOf(model),
  ]);
  return { module, bundle };
}

export async function open(inputs, setting, bytes) {
  const { kernel, mode, model } = setting;
  const { Engine } = await import("/guardrank/guardrank.min.js");
  const [engine, bundle] = await Promise.all([
    Engine.create(bytes?.module, { kernel }), bytes?.bundle ?? bytesOf(model),
  ]);
  if (!engine.kernel.startsWith(`wasm_${kernel}`)) throw new Error(`the kernel is ${engine.kernel}`);
  const catalogSumsBytes = mode.startsWith("sums") ? 1 << 26 : 0;
  const snapshot = engine.open(bundle, { catalogSumsBytes });
  const session = engine.session();
  const facts = Object.entries(inputs.request.context);
  const time = new Date(inputs.request.time);

  /** Context facts, written anew for every request. */
  const writeContext = (request) => {
    request.time(time).seed(inputs.request.seed).limit(inputs.request.limit);
    for (const [name, value] of facts) request.context(name, value);
  };

  const take = (decision) => [decision.candidates(), decision.scores()];

  const rankColumns = (n) => {
    const request = snapshot.request();
    const columns = columnsOf(inputs, n);
    const offers = inputs.offers.slice(0, n);
    return () => {
      request.reset();
      writeContext(request);
      request.candidates(offers);
      for (const [name, values] of columns) request.column("candidate", name, values);
      return take(session.rank(request));
    };
  };

  const rankCatalog = (n) => {
    const request = snapshot.request().candidates(inputs.offers.slice(0, n));
    writeContext(request);
    if (mode.endsWith("filled")) return () => take(session.rank(request));
    return () => {
      writeContext(request);
      return take(session.rank(request));
    };
  };

  const logits = (n) => {
    const request = snapshot.request().candidates(inputs.offers.slice(0, n));
    writeContext(request);
    if (mode === "columns") {
      for (const [name, values] of columnsOf(inputs, n)) request.column("candidate", name, values);
    }
    return logitsOf(session.rank(request.limit(0)), snapshot.heads, inputs, n);
  };
  return { request: mode === "columns" ? rankColumns : rankCatalog, logits, kernel: engine.kernel };
}

function columnsOf(inputs, n) {
  return Object.entries(inputs.columns).map(([name, { kind, values }]) => {
    const rows = values.slice(0, n);
    return [name, kind === "i64" ? BigInt64Array.from(rows, BigInt) : Float64Array.from(rows)];
  });
}

/** [offer, head], in the order of the request's offers; NaN for an offer that was not ranked. */
function logitsOf(decision, heads, inputs, n) {
  const logits = new Float64Array(n * heads.length).fill(NaN);
  const candidates = decision.candidates();
  if (candidates.length !== n) throw new Error(`${candidates.length} of ${n} offers were ranked`);
  inputs.heads.forEach((name, column) => {
    const values = decision.head(heads.indexOf(name)).logits;
    candidates.forEach((row, position) => {
      logits[row * heads.length + column] = values[position];
    });
  });
  return logits;
}
