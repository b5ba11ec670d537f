// The page asks its worker, which fetches, verifies and ranks; nothing here waits for the network.
const place = (id) => document.getElementById(id);
const worker = new Worker("worker.js", { type: "module" });

worker.onmessage = ({ data: { ranking, state, error } }) => {
  place("ranked").replaceChildren(...(ranking?.ranked ?? []).map(({ offer, score_micros }) => {
    const item = document.createElement("li");
    item.textContent = `${offer}  ${(Number(score_micros) / 1e6).toFixed(2)}`;
    return item;
  }));
  place("error").textContent = error ?? "";
  place("state").textContent = state ?? "";
  document.body.dataset.done = String(Number(document.body.dataset.done ?? 0) + 1);
};

function rank() {
  worker.postMessage({ time: new Date().toISOString(), seed: 1, limit: 20,
                       context: { age: Number(place("age").value), state: "CA", income: 80000, credit_rank: 3 } });
}

place("rank").onclick = rank;
rank();
