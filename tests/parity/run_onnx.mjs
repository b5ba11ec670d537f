// Runs ONNX models and writes their outputs.
// Usage: node run_onnx.mjs JOBS.json, a list of {"model", "inputs": {name: {type, dims, data}}, "output"}.
import { readFileSync, writeFileSync } from 'node:fs';
import ort from 'onnxruntime-node';

const tensor = ({ type, dims, data }) =>
  new ort.Tensor(type, type === 'int64' ? BigInt64Array.from(data, BigInt) : Float32Array.from(data), dims);

for (const job of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  const session = await ort.InferenceSession.create(job.model, { intraOpNumThreads: 1 });
  const feeds = {};
  for (const name of session.inputNames) feeds[name] = tensor(job.inputs[name]);
  const results = await session.run(feeds);
  const output = results[session.outputNames[0]];
  writeFileSync(job.output, JSON.stringify({ dims: output.dims, data: Array.from(output.data) }));
}
