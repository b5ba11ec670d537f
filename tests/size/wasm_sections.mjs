// As much of the WebAssembly binary format as counting bytes takes (core specification, chapter 5).

/** Reads LEB128 numbers and names from bytes. */
class Reader {
  constructor(bytes, offset = 0) {
    this.bytes = bytes;
    this.offset = offset;
  }

  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.offset++];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  take(size) {
    this.offset += size;
    return this.bytes.subarray(this.offset - size, this.offset);
  }

  name() {
    return new TextDecoder().decode(this.take(this.number()));
  }
}

/** The sections of a module: { id, name, bytes }; `name` of custom sections only. */
export function sections(module) {
  const reader = new Reader(module, 8);
  const found = [];
  while (reader.offset < module.length) {
    const id = module[reader.offset++];
    const bytes = reader.take(reader.number());
    const content = new Reader(bytes);
    const name = id === 0 ? content.name() : "";
    found.push({ id, name, bytes: id === 0 ? bytes.subarray(content.offset) : bytes });
  }
  return found;
}

/** The functions that a module defines, in order: { name, bytes }. It must carry names. */
export function functions(module) {
  const all = sections(module);
  const names = functionNames(all.find((section) => section.name === "name").bytes);
  const reader = new Reader(all.find((section) => section.id === 10).bytes);
  const nImported = WebAssembly.Module.imports(new WebAssembly.Module(module))
    .filter((entry) => entry.kind === "function").length;
  return Array.from({ length: reader.number() }, (_, index) => {
    const bytes = reader.take(reader.number());
    return { name: names.get(nImported + index) ?? "", bytes };
  });
}

/** Function index to name, from the "name" section's part 1. */
function functionNames(bytes) {
  const reader = new Reader(bytes);
  const names = new Map();
  while (reader.offset < bytes.length) {
    const part = bytes[reader.offset++];
    const content = new Reader(reader.take(reader.number()));
    if (part !== 1) continue;
    for (let left = content.number(); left > 0; left--) names.set(content.number(), content.name());
  }
  return names;
}
