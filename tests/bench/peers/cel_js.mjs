// @marcbachmann/cel-js over the same workload. Usage: node cel_js.mjs FOLDER; writes FOLDER/cel_js.bin.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Environment } from "@marcbachmann/cel-js";

import { activation, results, time } from "../rules/timing.mjs";

const folder = process.argv[2];
const workload = JSON.parse(readFileSync(join(folder, "workload.json"), "utf8"));
const environment = new Environment();
for (const space of ["ctx", "offer", "param", "p", "reach", "value"])
  environment.registerVariable(space, "map");
const parse = ({ cel }) => environment.parse(cel);
const rules = workload.rules.map(parse), terms = workload.terms.map(parse);
const offers = workload.offers.map((offer) => activation(workload, offer, BigInt));

writeFileSync(join(folder, "cel_js.bin"),
  results(workload, (i, row) => rules[i](offers[row]), (i, row) => terms[i](offers[row])));
let sink = 0;
const run = time(() => {
  for (const offer of offers) {
    for (const rule of rules) sink += rule(offer) ? 1 : 0;
    for (const term of terms) sink += term(offer);
  }
}, 15);
const compile = time(() => {
  for (let i = 0; i < 200; i++) parse(workload.rules[i % workload.rules.length]);
}, 15);
if (!(sink > 0)) throw new Error("nothing was computed");
console.log(JSON.stringify({ run_us: run.median, least_us: run.least,
  compile_200_us: compile.median }));
