// The allocator of wasm/memory.cc, in a module of its own: what it hands out is aligned, apart and
// within memory, and what is given back can be had again as one.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { beforeEach, test } from "node:test";

const file = new URL("../../build/wasm/wasm/allocator.wasm", import.meta.url);
const module = new WebAssembly.Module(readFileSync(file));
const most = 128 << 20;
let allocate, free, memory, base;
beforeEach(() => {
  const { exports } = new WebAssembly.Instance(module);
  allocate = (alignment, size) => exports.aligned_alloc(alignment, size) >>> 0;
  ({ free, memory } = exports);
  base = exports.__heap_base.value;
});

/** Numbers below `n`, the same in every run. */
function numbers(seed) {
  return (n) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % n;
  };
}

function take(live, alignment, size, mark) {
  const at = allocate(alignment, size);
  assert.notEqual(at, 0);
  assert.equal(at % alignment, 0);
  assert.ok(at >= base && at + size <= memory.buffer.byteLength);
  new Uint8Array(memory.buffer, at, size).fill(mark);
  live.push({ at, size, mark });
}

function give(live, index) {
  const [{ at, size, mark }] = live.splice(index, 1);
  assert.ok(new Uint8Array(memory.buffer, at, size).every((byte) => byte === mark), "overwritten");
  free(at);
}

test("blocks of all sizes and alignments never meet, and all come back as one", () => {
  const below = numbers(7);
  const live = [];
  let bytes = 0, peak = 0;
  for (let i = 0; i < 20_000; ++i) {
    const grows = below(100) < (i % 4000 < 2000 ? 60 : 40);
    if (live.length === 0 || grows) {
      const size = below(10) === 0 ? below(100_000) : below(2000);
      take(live, 4 << below(5), size, i & 255);
      bytes += size;
      peak = Math.max(peak, bytes);
    } else {
      const index = below(live.length);
      bytes -= live[index].size;
      give(live, index);
    }
  }
  assert.ok(memory.buffer.byteLength < 1.5 * peak, "memory that nobody can use");
  while (live.length > 0) give(live, below(live.length));
  const size = memory.buffer.byteLength;
  assert.notEqual(allocate(64, size - base - 200), 0);
  assert.equal(memory.buffer.byteLength, size, "grew although all was free");
});

test("neighbours join whichever is given back first", () => {
  const first = allocate(16, 1000), second = allocate(16, 1000), third = allocate(16, 1000);
  allocate(16, 16);
  for (const block of [first, third, second]) free(block);
  assert.equal(allocate(16, 3000), first);
});

test("what does not fit is null, and changes nothing", () => {
  assert.equal(allocate(64, most), 0);
  assert.equal(allocate(64, 0xfffffff0), 0);
  const size = memory.buffer.byteLength;
  assert.ok(size < 1 << 20);
  const half = allocate(64, most / 2);
  assert.notEqual(half, 0);
  assert.equal(allocate(64, most / 2), 0);
  free(half);
  assert.equal(allocate(64, most / 2), half);
});

test("memory grows by what is missing, not by all that is asked for", () => {
  const block = allocate(16, 1 << 20);
  free(block);
  const size = memory.buffer.byteLength;
  assert.equal(allocate(16, (1 << 20) + 65536), block);
  assert.ok(memory.buffer.byteLength - size <= 2 * 65536);
});

test("nothing at all has a place of its own, and null may be given back", () => {
  free(0);
  assert.notEqual(allocate(16, 0), allocate(16, 0));
});
