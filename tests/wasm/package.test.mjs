// The package as npm packs it, and the programs that the READMEs show, run with it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const packageFolder = join(root, "wasm");
const bundle = "models/reference/cards.guardrank";
let folder;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "guardrank-package-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(packageFolder, join(folder, "node_modules/guardrank"));
  mkdirSync(join(folder, "models/reference"), { recursive: true });
  copyFileSync(join(root, bundle), join(folder, bundle));
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
  const prelude = `import { readFileSync } from "node:fs";
const bundleBytes = readFileSync("${bundle}");
`;
  const lines = run("wasm/README.md", prelude);
  assert.equal(lines[0], "kestrel-voyager true");
  const output = lines.join("\n");
  assert.match(output, /^\[ '(kestrel-voyager|harrowgate-everyday)', '(kestrel-voyager|harrowgate-everyday)' \]/m);
  assert.match(output, /BigInt64Array\(2\)/);
  assert.equal(lines.at(-1), "true");
});

test("the first program of README.md runs as it stands", () => {
  const lines = run("README.md");
  const scores = lines.slice(0, 3).map((line, index) => {
    const [, position, score] = line.match(/^(\d) [a-z-]+ (\d\.\d+)$/);
    assert.equal(Number(position), index + 1);
    return Number(score);
  });
  assert.deepEqual(scores, [...scores].sort((a, b) => b - a));
  assert.match(lines.slice(3).join(" "), /^[a-z-]+ Credit history .* { fact: 'ctx.credit_rank', from: 3, to: 4 }$/);
});

test("the types ask for what the engine asks for", () => {
  const types = readFileSync(join(packageFolder, "dist/ranking.d.ts"), "utf8");
  const [, members] = types.match(/interface RankRequest {([^]*?)^}/m);
  assert.match(members, /^ {4}time: string;$/m);
  assert.deepEqual(members.match(/^ {4}\w+:/gm), ["    time:"], "and for nothing else");
});

test("a program in TypeScript compiles against the package, strictly", () => {
  writeFileSync(join(folder, "program.mts"), `import { Engine, Store } from "guardrank";
import type { RankRequest, StoreOptions } from "guardrank";
const engine = await Engine.create();
using snapshot = engine.open(new Uint8Array(0));
const request: RankRequest = { time: "2026-11-21T10:00:00Z", context: { age: 34 } };
export const first: string | undefined = snapshot.rank(request, { explain: true }).ranked[0]?.offer;
export const open = (options: StoreOptions): Promise<Store> => Store.open(options);
`);
  const compiler = join(packageFolder, "node_modules/typescript/bin/tsc");
  const flags = ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom"];
  execFileSync(process.execPath, [compiler, ...flags, "program.mts"], { cwd: folder, encoding: "utf8", stdio: "pipe" });
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
