// Stops the build when a module is not what the package promises: valid, without imports, and
// exporting exactly the functions named (beside its memory and _initialize).
// Usage: node check_module.mjs MODULE FUNCTION...
import { readFileSync } from "node:fs";

const [modulePath, ...functions] = process.argv.slice(2);
const bytes = readFileSync(modulePath);

/** Names of what it imports and exports, as this Node reads it; undefined where it does not validate. */
function readHere() {
  if (!WebAssembly.validate(bytes)) return undefined;
  const module = new WebAssembly.Module(bytes);
  return {
    imports: WebAssembly.Module.imports(module).map(({ module: from, name }) => `${from}.${name}`),
    exports: WebAssembly.Module.exports(module).map(({ name }) => name),
  };
}

/** The same by the library of wasm-opt: Node 18 knows relaxed SIMD by numbers of a draft. */
async function readElsewhere() {
  const { default: binaryen } = await import("binaryen");
  try {
    const module = binaryen.readBinary(bytes);
    module.setFeatures(binaryen.Features.All);
    if (!module.validate()) return undefined;
    const each = (count, get) => Array.from({ length: count }, (_, index) => get(index));
    const all = each(module.getNumFunctions(), (index) => binaryen.getFunctionInfo(module.getFunctionByIndex(index)));
    return {
      imports: all.filter(({ module: from }) => from).map(({ module: from, base }) => `${from}.${base}`),
      exports: each(module.getNumExports(), (index) => binaryen.getExportInfo(module.getExportByIndex(index)).name),
    };
  } catch {
    return undefined;   // it could not even be read
  }
}

const problems = [];
const isOldNode = Number.parseInt(process.versions.node) < 20;
const module = readHere() ?? (isOldNode ? await readElsewhere() : undefined);
if (module === undefined) {
  problems.push("it does not validate");
} else {
  for (const name of module.imports) problems.push(`it imports ${name}`);
  const wanted = new Set(["memory", "_initialize", ...functions]);
  const found = new Set(module.exports);
  for (const name of wanted) if (!found.has(name)) problems.push(`it lacks the export ${name}`);
  for (const name of found) if (!wanted.has(name)) problems.push(`it exports ${name}, unlisted`);
}

for (const problem of problems) console.error(`${modulePath}: ${problem}`);
process.exitCode = problems.length === 0 ? 0 : 1;
