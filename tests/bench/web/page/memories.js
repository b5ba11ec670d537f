// Remembers every WebAssembly memory that a library makes or exports, to tell their bytes. Such a
// memory never shrinks: what it has at the end is its peak.
(() => {
  const { Memory, Instance, instantiate, instantiateStreaming } = WebAssembly;
  const memories = new Set();

  function note(instance) {
    for (const each of Object.values(instance.exports)) {
      if (each instanceof Memory) memories.add(each);
    }
    return instance;
  }

  const construct = (target, values) => {
    const made = Reflect.construct(target, values);
    if (made instanceof Memory) memories.add(made);
    else note(made);
    return made;
  };
  WebAssembly.Memory = new Proxy(Memory, { construct });
  WebAssembly.Instance = new Proxy(Instance, { construct });
  const noting = (original) => async (...values) => {
    const result = await original.apply(WebAssembly, values);
    note(result.instance ?? result);
    return result;
  };
  WebAssembly.instantiate = noting(instantiate);
  WebAssembly.instantiateStreaming = noting(instantiateStreaming);

  globalThis.wasmMemoryBytes = () =>
    [...memories].reduce((total, memory) => total + memory.buffer.byteLength, 0);
})();
