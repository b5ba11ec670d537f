// Bytes that a page downloads before its first ranking, plain and under brotli: code (scripts and
// modules) at quality 9, models (mostly random weights, which hardly compress) at quality 5.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

/** Compressing a runtime of 14 MB takes seconds: done once, remembered by content. */
function brotliBytes(bytes, quality, data) {
  const path = resolve(data, "web/brotli.json");
  const known = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  const key = `${createHash("sha256").update(bytes).digest("hex")} ${quality}`;
  if (known[key] === undefined) {
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: quality,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    };
    known[key] = brotliCompressSync(bytes, { params }).length;
    writeFileSync(path, JSON.stringify(known));
  }
  return known[key];
}

const ofTheBench = /\/tests\/bench\/web\/page\//;

/** `files` are the paths sent; what belongs to the benchmark's own page is not counted. */
export function downloads(files, model, data) {
  const total = { code: [0, 0], model: [0, 0] };
  for (const path of files.filter((each) => !ofTheBench.test(each))) {
    const bytes = readFileSync(path);
    const isModel = path === model || basename(path) === "weights.json";
    const sum = total[isModel ? "model" : "code"];
    sum[0] += bytes.length;
    sum[1] += brotliBytes(bytes, isModel ? 5 : 9, data);
  }
  return total;
}
