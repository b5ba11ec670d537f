// Columns of candidate facts on their way into the module. Their memory belongs to the request: two
// sets of blocks per fact, one that the engine may be reading and one to write the next column to,
// grown when needed and reused.
import { isBytes, requireBytes, requireOptions, wrongArgument } from "./argument.js";
import { wantedError } from "./error.js";
import * as layout from "./layout.js";
import { type Library, writeTexts } from "./library.js";
import { Block } from "./memory.js";

type MaybeText = string | null | undefined;
type MaybeList = readonly string[] | null | undefined;

export type ColumnValues =
  | Float64Array | BigInt64Array | Int32Array | Uint8Array | Float32Array
  | { micros: BigInt64Array }
  | readonly MaybeText[]
  | readonly MaybeList[];

export interface ColumnOptions {
  /** One byte per row, 0 where the value is missing. */
  present?: Uint8Array;
}

/** The blocks of one column: its values, which are there, and a list's offsets. */
class Storage {
  readonly values: Block;
  readonly present: Block;
  readonly offsets: Block;

  constructor(library: Library) {
    this.values = new Block(library.memory);
    this.present = new Block(library.memory);
    this.offsets = new Block(library.memory);
  }

  free(): void {
    this.values.free();
    this.present.free();
    this.offsets.free();
  }
}

/** What a gr_column says beside its rows. */
interface Description {
  type: number;
  n_rows: number;
  /** The field of gr_column that points to the values. */
  pointer: number;
  values: number;
  present?: Uint8Array;
  list_offsets?: number;
  width?: number;
}

export class ColumnWriter {
  private readonly inUse = new Map<number, Storage>();
  private readonly spare = new Map<number, Storage>();

  constructor(private readonly library: Library) {}

  /** Copies a column in and describes it: the address of a gr_column, valid for the next call. */
  write(
    fact: number, values: ColumnValues, nCandidates: number, options: ColumnOptions, where: string,
    areLists = false,
  ): number {
    requireOptions(options, ["present"]);
    const storage = this.spare.get(fact) ?? new Storage(this.library);
    this.spare.set(fact, storage);
    const description = this.describe(storage, values, nCandidates, where, areLists);
    if (options.present !== undefined) requireBytes(options.present, "present");
    const present = options.present ?? description.present;
    if (present !== undefined && present.length !== description.n_rows) {
      const expected = `one byte for each of ${description.n_rows} rows`;
      throw wantedError("ARGUMENT", "present", expected, `${present.length} bytes`);
    }
    return this.fill(description, present && copy(this.library, storage.present, present));
  }

  /** The engine took the column: the one it had for this fact before is free to be written to. */
  taken(fact: number): void {
    const before = this.inUse.get(fact);
    this.inUse.set(fact, this.spare.get(fact)!);
    if (before === undefined) this.spare.delete(fact);
    else this.spare.set(fact, before);
  }

  free(): void {
    for (const storages of [this.inUse, this.spare]) {
      for (const storage of storages.values()) storage.free();
      storages.clear();
    }
  }

  private describe(
    storage: Storage, values: ColumnValues, nCandidates: number, where: string, areLists: boolean,
  ): Description {
    const { column, type } = layout;
    if (Array.isArray(values)) return this.describeArray(storage, values, where, areLists);
    if (values instanceof Float32Array) {
      return this.describeVectors(storage, values, nCandidates, where);
    }
    if (values instanceof Int32Array) values = BigInt64Array.from(values, BigInt);
    const plain = (
      array: BigInt64Array | Float64Array | Uint8Array, kind: number, pointer: number,
    ): Description => {
      const address = copy(this.library, storage.values, array);
      return { type: kind, n_rows: array.length, pointer, values: address };
    };
    if (values instanceof Float64Array) return plain(values, type.f64, column.numbers);
    if (values instanceof BigInt64Array) return plain(values, type.i64, column.integers);
    if (isBytes(values)) return plain(values, type.bool, column.booleans);
    const micros = (values as { micros?: unknown } | null | undefined)?.micros;
    if (micros instanceof BigInt64Array) return plain(micros, type.timestamp, column.integers);
    throw wrongArgument(where, "a column's values", values);
  }

  private describeVectors(
    storage: Storage, values: Float32Array, n_rows: number, where: string,
  ): Description {
    const width = n_rows === 0 ? 0 : values.length / n_rows;
    if (!Number.isInteger(width)) {
      const expected = `${n_rows} vectors of one width`;
      throw wantedError("ARGUMENT", where, expected, `${values.length} numbers`);
    }
    const address = copy(this.library, storage.values, values);
    const pointer = layout.column.floats;
    return { type: layout.type.f32_vector, n_rows, pointer, values: address, width };
  }

  private describeArray(
    storage: Storage, values: readonly MaybeText[] | readonly MaybeList[], where: string, areLists: boolean,
  ): Description {
    const present = Uint8Array.from<unknown>(values, (value) => (value == null ? 0 : 1));
    const common = { n_rows: values.length, pointer: layout.column.texts, present };
    const write = (texts: readonly MaybeText[], isOptional: boolean) =>
      writeTexts(this.library.memory, storage.values, texts, where, isOptional);
    if (!areLists && !values.some((value) => Array.isArray(value))) {
      const texts = write(values as readonly MaybeText[], true);
      return { ...common, type: layout.type.string, values: texts };
    }
    const texts: string[] = [];
    const offsets = new Uint32Array(values.length + 1);
    for (let row = 0; row < values.length; row++) {
      for (const text of listOf(values[row], where)) texts.push(text);
      offsets[row + 1] = texts.length;
    }
    return {
      ...common,
      type: layout.type.string_list,
      values: write(texts, false),
      list_offsets: copy(this.library, storage.offsets, offsets),
    };
  }

  private fill(description: Description, present: number | undefined): number {
    const { column } = layout;
    const struct = this.library.clearStruct(column.size);
    const view = this.library.memory.view;
    view.setInt32(struct + column.type, description.type, true);
    view.setUint32(struct + column.n_rows, description.n_rows, true);
    view.setUint32(struct + column.present, present ?? 0, true);
    view.setUint32(struct + description.pointer, description.values, true);
    view.setUint32(struct + column.list_offsets, description.list_offsets ?? 0, true);
    view.setUint32(struct + column.width, description.width ?? 0, true);
    return struct;
  }
}

/** A missing list is empty, and told missing elsewhere. */
function listOf(value: unknown, where: string): readonly string[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value as readonly string[];
  throw wrongArgument(where, "an array of texts", value);
}

/** The array's bytes in `buffer`, never at address 0. */
function copy(library: Library, buffer: Block, array: ArrayBufferView): number {
  const address = buffer.reserve(Math.max(array.byteLength, 1));
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  library.memory.bytes.set(bytes, address);
  return address;
}
