// The first program: ranks one request on a bundle, prints the top 3 and why the first excluded
// offer was excluded. Usage: node rank.mjs BUNDLE REQUEST.json
import { readFile } from "node:fs/promises";

import { Engine, GuardrankError } from "guardrank";

/** Micros as currency units: "-0.076998". */
function units(micros) {
  const digits = String(micros).replace("-", "").padStart(7, "0");
  const sign = String(micros).startsWith("-") ? "-" : "";
  return `${sign}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}

function print({ ranked, excluded }) {
  for (const { position, offer, score_micros } of ranked.slice(0, 3)) {
    console.log(`${position}  ${offer}  ${units(score_micros)}`);
  }
  const [first] = excluded;
  const [reason] = first?.reasons ?? [];
  const why = reason && `${first.offer}  ${reason.rule}: ${reason.text}`;
  console.log(`excluded  ${why ?? "none"}`);
}

async function rank(bundlePath, requestPath) {
  const engine = await Engine.create();
  const snapshot = engine.open(await readFile(bundlePath));
  const request = JSON.parse(await readFile(requestPath, "utf8"));
  print(snapshot.rank(request, { explain: true }));
  snapshot.dispose();
  engine.dispose();
}

const [bundlePath, requestPath, ...rest] = process.argv.slice(2);
if (requestPath === undefined || rest.length > 0) {
  console.error("usage: node rank.mjs BUNDLE REQUEST.json");
  process.exitCode = 2;
} else {
  await rank(bundlePath, requestPath).catch((failure) => {
    if (failure instanceof GuardrankError) {
      console.error(`error ${failure.code}: ${failure.message}`);
    } else {
      console.error(`error: ${failure.message}`);
    }
    process.exitCode = 1;
  });
}
