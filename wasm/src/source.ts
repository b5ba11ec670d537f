// Where the module's code comes from. Nothing is evaluated as text, so a page needs no more of its
// Content-Security-Policy than 'wasm-unsafe-eval', the word for compiling WebAssembly at all.

/** A compiled module, its bytes, a response that carries them, or their address. */
export type ModuleSource =
  | WebAssembly.Module
  | BufferSource
  | Response
  | PromiseLike<Response>
  | URL
  | string;

/** The module of this package, beside this file. */
const ownAddress = new URL("./guardrank.wasm", import.meta.url);

export async function compile(source: ModuleSource = ownAddress): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) {
    return WebAssembly.compile(source as BufferSource);
  }
  if (typeof source === "string" || source instanceof URL) return compileAddress(source);
  return compileResponse(await (source as PromiseLike<Response>));
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
