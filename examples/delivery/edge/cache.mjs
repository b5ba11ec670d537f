// Stands for the cache that an edge's host has: what workerd's Cache API asks it over HTTP. In memory, for
// as long as workerd runs.
const kept = new Map();

/** A response as it stands on the wire: its headers and its body. */
function parse(bytes) {
  const text = new TextDecoder("latin1").decode(bytes);
  const end = text.indexOf("\r\n\r\n");
  const headers = text.slice(0, end).split("\r\n").slice(1).map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return { headers, body: bytes.slice(end + 4) };
}

export default {
  async fetch(request) {
    const key = `${request.headers.get("cf-cache-namespaces") ?? ""} ${request.url}`;
    if (request.method === "PUT") {
      kept.set(key, parse(await request.arrayBuffer()));
      return new Response(null, { status: 204 });
    }
    if (request.method === "PURGE") return new Response(null, { status: kept.delete(key) ? 200 : 404 });
    const found = kept.get(key);
    if (found === undefined) return new Response(null, { status: 504, headers: { "cf-cache-status": "MISS" } });
    return new Response(found.body, { headers: [...found.headers, ["cf-cache-status", "HIT"]] });
  },
};
