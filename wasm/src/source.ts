// Where the module's code comes from. Nothing is evaluated as text, so a page needs no more of its
// Content-Security-Policy than 'wasm-unsafe-eval', the word for compiling WebAssembly at all.
import { wrongArgument } from "./argument.js";

/** A compiled module, its bytes, a response that carries them, or their address. */
export type ModuleSource =
  | WebAssembly.Module
  | BufferSource
  | Response
  | PromiseLike<Response>
  | URL
  | string;

/** The module of this package, beside this file. */
const ownAddress = "./guardrank.wasm";

/** The module that fetches. */
export const storeAddress = "./guardrank-store.wasm";

/** The same as the first for hosts with relaxed SIMD. */
export const relaxedAddress = "./guardrank-relaxed.wasm";

// A module whose only function, without arguments or results, does what the faster kernel is made
// of: three v128.const of 0, i32x4.relaxed_dot_i8x16_i7x16_add_s (fd 93 02), drop.
const zeros = new Array<number>(16).fill(0);
const constant = [0xfd, 0x0c, ...zeros];
const body = [0, ...constant, ...constant, ...constant, 0xfd, 0x93, 0x02, 0x1a, 0x0b];
const probe = Uint8Array.of(
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, // magic, version
  1, 4, 1, 0x60, 0, 0, // one type: () -> ()
  3, 2, 1, 0, // one function of that type
  10, body.length + 2, 1, body.length, ...body,
);

export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(probe);
}

export async function compile(source: ModuleSource = ownAddress): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) {
    return WebAssembly.compile(source as BufferSource);
  }
  if (typeof source === "string" || source instanceof URL) return compileAddress(source);
  const response = await source;
  if (typeof response?.arrayBuffer === "function") return compileResponse(response);
  throw wrongArgument("source", "a module, its bytes, their address or a response", response);
}

async function compileAddress(address: URL | string): Promise<WebAssembly.Module> {
  const url = new URL(address, import.meta.url);
  if (url.protocol === "file:") {
    const { readFile } = await import("node:fs/promises");
    return WebAssembly.compile(new Uint8Array(await readFile(url)));
  }
  return compileResponse(await fetch(url));
}

/** Streams when the server names the very type, and reads the whole body first when not. */
async function compileResponse(response: Response): Promise<WebAssembly.Module> {
  if (!response.ok) throw new Error(`${response.url}: HTTP status ${response.status}`);
  const isNamed = response.headers.get("content-type")?.toLowerCase() === "application/wasm";
  const streams = typeof WebAssembly.compileStreaming === "function";
  if (streams && isNamed) return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}
