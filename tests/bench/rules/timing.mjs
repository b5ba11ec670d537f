// What the JavaScript benchmarks share: medians, and results in the form of rules_world.h.

/** Median and least microseconds of one call, over `calls` of them after as many to get warm. */
export function time(call, calls = 301) {
  const times = [];
  for (let i = 0; i < 2 * calls; i++) {
    const start = performance.now();
    call();
    if (i >= calls) times.push((performance.now() - start) * 1000);
  }
  times.sort((a, b) => a - b);
  return { median: times[times.length >> 1], least: times[0] };
}

/** Bytes of all rules, then doubles of all terms: `rule(i, row)` gives a bool, `term` a number. */
export function results(workload, rule, term) {
  const rows = workload.offers.length, nRules = workload.rules.length;
  const firstTerm = Math.ceil((rows * nRules) / 8) * 8;
  const bytes = Buffer.alloc(firstTerm + rows * workload.terms.length * 8);
  for (let row = 0; row < rows; row++) {
    workload.rules.forEach((_, i) => { bytes[i * rows + row] = rule(i, row) ? 1 : 0; });
    workload.terms.forEach((_, i) => {
      bytes.writeDoubleLE(Number(term(i, row)), firstTerm + (i * rows + row) * 8);
    });
  }
  return bytes;
}

/** One offer with what was computed for it, in the namespaces that expressions name. */
export function activation(workload, offer, integer = Number) {
  const convert = (space, facts) => Object.fromEntries(Object.entries(facts).map(([name, value]) =>
    [name, workload.facts[`${space}.${name}`] === "i64" ? integer(value) : value]));
  const spaces = { ctx: convert("ctx", workload.context), offer: convert("offer", offer),
    param: workload.parameters };
  for (const path of workload.outcomes) {
    const [space, name] = path.split(".");
    (spaces[space] ??= {})[name] = offer[`${space}_${name}`];
  }
  return spaces;
}
