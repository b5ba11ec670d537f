// The first program: ranks one request on a bundle, shows the top 3 and why the first excluded
// offer was excluded. The server keeps the package's files under guardrank/.
import { Engine, GuardrankError } from "./guardrank/index.js";

const place = (id) => document.getElementById(id);

/** Micros as currency units: "-0.076998". */
function units(micros) {
  const digits = String(micros).replace("-", "").padStart(7, "0");
  const sign = String(micros).startsWith("-") ? "-" : "";
  return `${sign}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}

async function get(name) {
  const response = await fetch(name);
  if (!response.ok) throw new Error(`cannot read ${name}`);
  return response;
}

function show({ ranked, excluded }) {
  for (const { offer, score_micros } of ranked.slice(0, 3)) {
    const item = document.createElement("li");
    item.textContent = `${offer}  ${units(score_micros)}`;
    place("ranked").append(item);
  }
  const [first] = excluded;
  const [reason] = first?.reasons ?? [];
  place("excluded").textContent = reason
    ? `excluded  ${first.offer}  ${reason.rule}: ${reason.text}`
    : "excluded  none";
}

async function rank() {
  const engine = await Engine.create();
  const bundle = await (await get("bundle.guardrank")).arrayBuffer();
  const snapshot = engine.open(bundle);
  const request = await (await get("request.json")).json();
  show(snapshot.rank(request, { explain: true }));
  snapshot.dispose();
  engine.dispose();
}

try {
  await rank();
} catch (failure) {
  const code = failure instanceof GuardrankError ? ` ${failure.code}` : "";
  place("error").textContent = `error${code}: ${failure.message}`;
}
document.body.dataset.done = "true";
