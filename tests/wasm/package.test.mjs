// The package as npm packs it, and the programs that the READMEs show, run with it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { bundlePath, vectors } from "./support.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const packageFolder = join(root, "wasm");
const vector = vectors().find(({ name }) => name.startsWith("cards-whole-catalog"));
let folder;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "guardrank-package-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(packageFolder, join(folder, "node_modules/guardrank"));
  copyFileSync(bundlePath(vector.bundle), join(folder, "cards.guardrank"));
});
after(() => rmSync(folder, { recursive: true }));

/** The lines that a README's first program in JavaScript prints. */
function run(readme, prelude = "") {
  const [, program] = readFileSync(join(root, readme), "utf8").match(/^```js\n([^]*?)^```$/m);
  writeFileSync(join(folder, "program.mjs"), prelude + program);
  const output = execFileSync(process.execPath, ["program.mjs"], { cwd: folder, encoding: "utf8" });
  return output.trimEnd().split("\n");
}

test("the first program of wasm/README.md runs as it stands", () => {
  const { time, context } = vector.request;
  const prelude = `import { readFileSync } from "node:fs";
const bundleBytes = readFileSync("cards.guardrank");
`;
  const lines = run("wasm/README.md", prelude);
  assert.equal(time, "2026-11-21T10:00:00Z");   // the README's, whose answer the vector holds
  assert.deepEqual(context, { income: 82000, state: "CA", age: 34 });
  assert.equal(lines[0], `${vector.expected.ranked[0].offer} true`);
  assert.match(lines[1], /^\[ 'o-[12]', 'o-[12]' \] BigInt64Array\(2\)/);
  assert.equal(lines.at(-1), "true");
});

test("the first program of README.md runs as it stands", () => {
  const expected = vector.expected.ranked.slice(0, 3)
    .map(({ position, offer, score_micros }) => `${position} ${offer} ${score_micros / 1e6}`);
  assert.deepEqual(run("README.md"), expected);
});

test("the types ask for what the engine asks for", () => {
  const types = readFileSync(join(packageFolder, "dist/ranking.d.ts"), "utf8");
  const [, members] = types.match(/interface RankRequest {([^]*?)^}/m);
  assert.match(members, /^ {4}time: string;$/m);
  assert.deepEqual(members.match(/^ {4}\w+:/gm), ["    time:"], "and for nothing else");
});

test("npm packs the modules, their types, the README and the license", () => {
  const output = execFileSync("npm", ["pack", "--dry-run", "--json"], {
    cwd: packageFolder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"],
  });
  const [{ files }] = JSON.parse(output);
  const paths = new Set(files.map(({ path }) => path));
  for (const wanted of ["LICENSE", "README.md", "package.json", "dist/index.js", "dist/index.d.ts",
    "dist/guardrank.wasm", "dist/guardrank-relaxed.wasm", "dist/guardrank-store.wasm"]) {
    assert.ok(paths.has(wanted), `${wanted} is packed`);
  }
  const license = (path) => readFileSync(join(path, "LICENSE"), "utf8");
  assert.equal(license(packageFolder), license(root));
});
