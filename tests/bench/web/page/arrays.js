/** The first rows of an input; of the context, its one row, repeated if wanted. */
export function rowsOf(inputs, name, n, repeatsContext) {
  const width = inputs.widths[name];
  const values = inputs.arrays[name];
  if (!name.startsWith("context")) return values.slice(0, n * width);
  const rows = repeatsContext ? n : 1;
  return Array.from({ length: rows * width }, (_, index) => values[index % width]);
}

export const inputNames = [
  "context_dense", "context_codes", "candidate_dense", "candidate_codes",
];
