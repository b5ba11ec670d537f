// GoRules Zen over the same workload: one decision of one expression node, made once, that goes over
// the list of offers itself. Usage: node zen.mjs FOLDER; writes FOLDER/zen.bin.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { ZenEngine } from "@gorules/zen-engine";

import { activation, results } from "../rules/timing.mjs";

const folder = process.argv[2];
const workload = JSON.parse(readFileSync(join(folder, "workload.json"), "utf8"));
const expressions = [...workload.rules, ...workload.terms].map(({ id, cel, zen }) => ({
  id, key: id, value: zen ?? cel,
}));
const engine = new ZenEngine();
const decision = engine.createDecision({
  contentType: "application/vnd.gorules.decision",
  nodes: [
    { id: "in", type: "inputNode", name: "in", position: { x: 0, y: 0 } },
    { id: "rules", type: "expressionNode", name: "rules", position: { x: 1, y: 0 },
      content: { expressions, passThrough: false, inputField: "offers", outputPath: "rows",
        executionMode: "loop" } },
    { id: "out", type: "outputNode", name: "out", position: { x: 2, y: 0 } },
  ],
  edges: [
    { id: "a", type: "edge", sourceId: "in", targetId: "rules" },
    { id: "b", type: "edge", sourceId: "rules", targetId: "out" },
  ],
});
const offers = workload.offers.map((offer) => activation(workload, offer));

const { rows } = (await decision.evaluate({ offers })).result;
writeFileSync(join(folder, "zen.bin"), results(workload,
  (i, row) => rows[row][workload.rules[i].id], (i, row) => rows[row][workload.terms[i].id]));
const times = [];
for (let round = 0; round < 14; round++) {
  const start = performance.now();
  await decision.evaluate({ offers });
  if (round >= 3) times.push((performance.now() - start) * 1000);
}
times.sort((a, b) => a - b);
console.log(JSON.stringify({ run_us: times[times.length >> 1], least_us: times[0] }));
engine.dispose();
