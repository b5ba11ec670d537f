// The module's memory as JavaScript sees it. Growing replaces the buffer, so views are made again
// when it changed and never kept by anyone else; addresses stay.
import { GuardrankError } from "./error.js";
import type { Exports } from "./exports.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
/** A name or code is put together sooner than the decoder, a function of the host's, is called. */
const shortText = 16;

// ES2024; without it every character is looked at.
const isWellFormed: (text: string) => boolean = "isWellFormed" in String.prototype
  ? (text) => text.isWellFormed() : (text) => !/\p{Surrogate}/u.test(text);

/** A piece of the module's memory that a JavaScript object owns and reuses; it only grows. */
export class Block {
  address = 0;
  capacity = 0;

  constructor(private readonly memory: Memory) {}

  /** Room for `size` bytes, aligned to 64. What it held before is lost when it has to grow. */
  reserve(size: number): number {
    if (size > this.capacity) {
      this.free();
      this.address = this.memory.allocate(size);
      this.capacity = size;
    }
    return this.address;
  }

  free(): void {
    if (this.address !== 0) this.memory.exports.gr_buffer_free(this.address, this.capacity);
    this.address = 0;
    this.capacity = 0;
  }
}

export class Memory {
  private dataView: DataView;
  private byteView: Uint8Array;

  constructor(readonly exports: Exports) {
    this.dataView = new DataView(exports.memory.buffer);
    this.byteView = new Uint8Array(exports.memory.buffer);
  }

  /** Numbers anywhere in memory. Valid until the next call into the module. */
  get view(): DataView {
    if (this.byteView.length === 0) this.refresh();
    return this.dataView;
  }

  /** All bytes of memory. Valid until the next call into the module. */
  get bytes(): Uint8Array {
    if (this.byteView.length === 0) this.refresh();   // detached: the memory grew
    return this.byteView;
  }

  private refresh(): void {
    this.dataView = new DataView(this.exports.memory.buffer);
    this.byteView = new Uint8Array(this.exports.memory.buffer);
  }

  allocate(size: number): number {
    const address = size <= 0xffffffff ? this.exports.gr_buffer_create(size) >>> 0 : 0;
    if (address === 0) {
      const message = `the module's memory has no room for ${size} bytes`;
      throw new GuardrankError(900, "GR_STATUS_MEMORY", message, "memory");
    }
    return address;
  }

  /** A number that the module keeps as size_t or pointer. */
  u32(address: number): number {
    return this.view.getUint32(address, true);
  }

  /** A copy of the bytes that a gr_bytes at `address` names. */
  copyBytes(address: number): Uint8Array<ArrayBuffer> {
    const data = this.u32(address);
    return this.bytes.slice(data, data + this.u32(address + 4)) as Uint8Array<ArrayBuffer>;
  }

  /** The text that a gr_text at `address` names. */
  text(address: number): string {
    const data = this.u32(address), size = this.u32(address + 4);
    if (size <= shortText) {
      const short = this.ascii(data, size);
      if (short !== undefined) return short;
    }
    return decoder.decode(this.bytes.subarray(data, data + size));
  }

  /** Undefined where it is not ASCII. */
  private ascii(data: number, size: number): string | undefined {
    const { bytes } = this;
    let text = "";
    for (let index = data; index < data + size; index++) {
      const code = bytes[index]!;
      if (code >= 0x80) return undefined;
      text += String.fromCharCode(code);
    }
    return text;
  }

  /** The text at `address`, up to its zero byte or `limit`. */
  terminatedText(address: number, limit: number): string {
    const end = this.bytes.indexOf(0, address);
    const last = end < 0 ? address + limit : Math.min(end, address + limit);
    return decoder.decode(this.bytes.subarray(address, last));
  }

  /** Writes UTF-8 into memory that has at least 3 bytes per UTF-16 unit; returns the bytes used. */
  encode(text: string, address: number): number {
    const end = address + text.length * 3;
    return encoder.encodeInto(text, this.bytes.subarray(address, end)).written;
  }
}

/** A lone surrogate has no UTF-8 form; encoding would silently replace it. */
export function requireWellFormed(text: string, where: string): void {
  if (isWellFormed(text)) return;
  throw new GuardrankError(
    201, "GR_STATUS_UTF8", `${where}: wanted text, found a lone surrogate`, where,
    "well-formed text", "a lone surrogate",
  );
}
