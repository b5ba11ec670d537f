// What the driver calls in the page: one engine with one model per page.
//
// An engine's file exports `open(inputs, setting)`, which loads the library and the model, and gives
// `request(n)`: a function that answers one request for the first n offers, from JavaScript's typed
// arrays to an answer in JavaScript (or a promise of it), and `logits(n)`, by offer.
let inputs;
let opened;

/** Facts and arrays of the request; not part of any time. */
export async function fetchInputs(address) {
  inputs = await (await fetch(address)).json();
}

/** Milliseconds from nothing loaded to the answer of a first request for n offers. */
export async function load(setting, n) {
  const start = performance.now();
  const engine = await import(`/page/${setting.engine}.js`);
  opened = await engine.open(inputs, setting);
  await (await opened.request(n))();
  return performance.now() - start;
}

let bytes;

/** Fetches what `loadFromBytes` then has at hand. */
export async function fetchBytes(setting) {
  const engine = await import(`/page/${setting.engine}.js`);
  bytes = await engine.fetchBytes(setting);
}

/** As `load`, with the bytes of everything at hand already: compiling, opening, one request. */
export async function loadFromBytes(setting, n) {
  const start = performance.now();
  const engine = await import(`/page/${setting.engine}.js`);
  opened = await engine.open(inputs, setting, bytes);
  await opened.request(n)();
  return performance.now() - start;
}

/** The name of guardrank's kernel; of a peer, undefined. */
export function kernel() {
  return opened.kernel;
}

/** Worst difference of a logit from the float64 reference, over n offers. */
export async function worstError(n) {
  const logits = await opened.logits(n);
  let worst = 0;
  for (let index = 0; index < n * inputs.heads.length; index++) {
    worst = Math.max(worst, Math.abs(logits[index] - inputs.reference[index]));
  }
  return worst;
}

const requests = new Map();

/**
 * Makes the request for n offers, if there is none yet, and answers it for some time, at least 10
 * times: the browser compiles hot functions anew beside it. 0 milliseconds: does nothing more.
 */
export async function warmUp(n, milliseconds) {
  if (!requests.has(n)) requests.set(n, await opened.request(n));
  if (milliseconds === 0) return;
  const end = performance.now() + milliseconds;
  for (let round = 0; round < 10 || performance.now() < end; round++) await requests.get(n)();
}

/**
 * After `warmUp(n)`: times of requests for n offers in microseconds, for `milliseconds` and at least
 * `least` of them. The page's clock counts 5 us, so a sample is the mean of `batch` requests in a row.
 */
export async function measure(n, milliseconds, least, batch) {
  const request = requests.get(n);
  const samples = [];
  const end = performance.now() + milliseconds;
  while (samples.length < least || performance.now() < end) {
    const start = performance.now();
    for (let each = 0; each < batch; each++) {
      const answer = request();
      if (answer instanceof Promise) await answer;
    }
    samples.push(((performance.now() - start) * 1000) / batch);
  }
  return samples;
}

export function memoryBytes() {
  return globalThis.wasmMemoryBytes();
}
