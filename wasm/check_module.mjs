// Stops the build when a module is not what the package promises: valid, without imports, and
// exporting exactly the functions named (beside its memory and _initialize).
// Usage: node check_module.mjs MODULE FUNCTION...
import { readFileSync } from "node:fs";

const [modulePath, ...functions] = process.argv.slice(2);
const bytes = readFileSync(modulePath);
const problems = [];

if (!WebAssembly.validate(bytes)) {
  problems.push("it does not validate");
} else {
  const module = new WebAssembly.Module(bytes);
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    problems.push(`it imports ${from}.${name}`);
  }
  const wanted = new Set(["memory", "_initialize", ...functions]);
  const found = new Set(WebAssembly.Module.exports(module).map((entry) => entry.name));
  for (const name of wanted) if (!found.has(name)) problems.push(`it lacks the export ${name}`);
  for (const name of found) if (!wanted.has(name)) problems.push(`it exports ${name}, unlisted`);
}

for (const problem of problems) console.error(`${modulePath}: ${problem}`);
process.exitCode = problems.length === 0 ? 0 : 1;
