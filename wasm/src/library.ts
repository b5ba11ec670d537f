// One instance of the module, with the ways of calling it that all objects share: arguments are
// written to a scratch buffer that lives as long as the instance, failures become exceptions.
import { requireText, wrongArgument } from "./argument.js";
import { argumentError, GuardrankError } from "./error.js";
import type { Exports } from "./exports.js";
import { Block, Memory, requireWellFormed } from "./memory.js";

/** Fixed places in the instance's first buffer. */
const places = { error: 0, out: 8, text: 16, struct: 64, end: 320 };

export class Library {
  readonly exports: Exports;
  readonly memory: Memory;
  /** Room for one struct that a call fills or reads, at most 256 bytes. */
  readonly struct: number;
  /** Room for one output: a pointer, a gr_text, a 64-bit number. */
  readonly out: number;
  private readonly fixed: number;
  private readonly argument: Block;
  /** Whether the engine is gone, and with it what was made with it. */
  isClosed = false;

  constructor(module: WebAssembly.Module) {
    const instance = new WebAssembly.Instance(module, {});
    this.exports = instance.exports as unknown as Exports;
    this.exports._initialize();
    this.memory = new Memory(this.exports);
    this.fixed = this.memory.allocate(places.end);
    this.out = this.fixed + places.out;
    this.struct = this.fixed + places.struct;
    this.argument = new Block(this.memory);
  }

  /** Where a call may store its error; cleared. */
  get errorOut(): number {
    const address = this.fixed + places.error;
    this.memory.view.setUint32(address, 0, true);
    return address;
  }

  /** The handle of what may be used: it and its engine are there. */
  live(handle: number, name: string): number {
    if (handle === 0) throw argumentError(`this ${name} is disposed of`, name);
    if (this.isClosed) throw argumentError(`this ${name}'s engine is disposed of`, name);
    return handle;
  }

  /** Frees, unless it went with its engine. */
  free(release: (handle: number) => void, handle: number): void {
    if (!this.isClosed) release(handle);
  }

  /** Throws what the last call stored at `errorOut`, unless it succeeded. */
  check(status: number): void {
    if (status !== 0) throw this.takeError(status);
  }

  /** Throws for a call that stores no error. */
  checkBare(status: number): void {
    if (status !== 0) throw this.bareError(status);
  }

  private takeError(status: number): GuardrankError {
    const error = this.memory.u32(this.fixed + places.error);
    if (error === 0) return this.bareError(status);
    const { exports } = this;
    const failure = new GuardrankError(
      exports.gr_error_code(error),
      this.statusName(status),
      this.returnedText(exports.gr_error_message, error),
      this.returnedText(exports.gr_error_where, error),
      this.returnedText(exports.gr_error_expected, error),
      this.returnedText(exports.gr_error_found, error),
    );
    exports.gr_error_free(error);
    return failure;
  }

  private bareError(status: number): GuardrankError {
    const name = this.statusName(status);
    return new GuardrankError(status, name, `the call failed with ${name}`);
  }

  statusName(status: number): string {
    return this.memory.terminatedText(this.exports.gr_status_name(status) >>> 0, 64);
  }

  /** Calls a function that returns a gr_text. */
  returnedText(
    getter: (text: number, ...handles: number[]) => void, ...handles: number[]
  ): string {
    const address = this.fixed + places.text;
    getter(address, ...handles);
    return this.memory.text(address);
  }

  /** Clears the struct's room, writes its size first, and returns its address. */
  clearStruct(size: number): number {
    this.memory.bytes.fill(0, this.struct, this.struct + size);
    this.memory.view.setUint32(this.struct, size, true);
    return this.struct;
  }

  /** Writes text as an argument: the address of a gr_text. Valid until the next argument. */
  textArgument(text: string, where: string): number {
    requireText(text, where);
    const address = this.argument.reserve(8 + text.length * 3);
    const size = this.memory.encode(text, address + 8);
    this.memory.view.setUint32(address, address + 8, true);
    this.memory.view.setUint32(address + 4, size, true);
    return address;
  }

  /** Two texts as arguments at once: the addresses of two gr_text. */
  textArguments(first: string, second: string, where: string): [number, number] {
    const start = this.textsArgument([first, second], where);
    return [start, start + 8];
  }

  /** An array of gr_text. Valid until the next argument. */
  textsArgument(texts: readonly string[], where: string): number {
    return writeTexts(this.memory, this.argument, texts, where, false);
  }

  /** Raw bytes as an argument, and others right behind them. Valid until the next argument. */
  bytesArgument(bytes: Uint8Array, behind?: Uint8Array): number {
    const address = this.argument.reserve(Math.max(bytes.length + (behind?.length ?? 0), 1));
    this.memory.bytes.set(bytes, address);
    if (behind !== undefined) this.memory.bytes.set(behind, address + bytes.length);
    return address;
  }

  /** Large arguments are given back at once, small ones are kept for the next call. */
  releaseArgument(): void {
    if (this.argument.capacity > 1 << 20) this.argument.free();
  }
}

/** Writes gr_text[] and the texts it names into `buffer`; null, where it may be, is an empty text. */
export function writeTexts(
  memory: Memory, buffer: Block, texts: readonly (string | null | undefined)[], where: string,
  isOptional = true,
): number {
  if (!Array.isArray(texts)) throw wrongArgument(where, "an array of texts", texts);
  let room = 0;
  for (const text of texts) {
    if (typeof text === "string") room += text.length * 3;
    else if (!isOptional || text != null) throw wrongArgument(where, "text", text);
  }
  const start = buffer.reserve(Math.max(texts.length * 8 + room, 1));
  let next = start + texts.length * 8;
  const view = memory.view;
  // Holes too: forEach would leave what the memory held there.
  for (let index = 0; index < texts.length; index++) {
    const text = texts[index];
    if (text) requireWellFormed(text, where);
    const size = text ? memory.encode(text, next) : 0;
    view.setUint32(start + index * 8, next, true);
    view.setUint32(start + index * 8 + 4, size, true);
    next += size;
  }
  return start;
}
