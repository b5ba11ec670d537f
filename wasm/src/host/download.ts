// One fetch of the store's: bounded in time and size, conditional or ranged where asked.

export interface DownloadOptions {
  /** Most bytes of the body, decoded. */
  maxBytes: number;
  /** Exactly these bytes, as they stand on the origin. */
  range?: { offset: number; length: number };
  /** The entity tag of the copy at hand. */
  entityTag?: string;
  /** Milliseconds until the first byte of the answer. */
  firstByteTimeout: number;
  /** Milliseconds between two pieces of the body. */
  stallTimeout: number;
  /** Milliseconds for the whole. */
  timeout: number;
  signal?: AbortSignal;
  progress?: (received: number, total: number | undefined) => void;
  fetch?: typeof globalThis.fetch;
}

export type Downloaded =
  | { outcome: "done"; bytes: Uint8Array; entityTag: string | undefined }
  | { outcome: "not_found" | "unchanged" | "too_large" }
  | { outcome: "failed"; why: string; canRetry: boolean; retryAfter?: number };

/** Never rejects: whatever happens is an outcome. */
export async function download(url: string, options: DownloadOptions): Promise<Downloaded> {
  const abort = new AbortController();
  const stop = () => abort.abort(options.signal?.reason);
  options.signal?.addEventListener("abort", stop, { once: true });
  if (options.signal?.aborted) stop();
  const deadline = new Deadline(abort, options.timeout);
  try {
    deadline.within(options.firstByteTimeout, "no answer");
    const response = await (options.fetch ?? fetch)(url, {
      headers: headersOf(options), signal: abort.signal, redirect: "follow",
      cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer",
    });
    return await readResponse(response, options, deadline);
  } catch (failure) {
    const why = deadline.why ?? (failure instanceof Error ? failure.message : String(failure));
    return { outcome: "failed", why, canRetry: !options.signal?.aborted };
  } finally {
    deadline.clear();
    options.signal?.removeEventListener("abort", stop);
  }
}

function headersOf(options: DownloadOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  if (options.range !== undefined) {
    const { offset, length } = options.range;
    headers["range"] = `bytes=${offset}-${offset + length - 1}`;
    headers["accept-encoding"] = "identity";   // browsers see to it themselves
  }
  if (options.entityTag) headers["if-none-match"] = options.entityTag;
  return headers;
}

async function readResponse(
  response: Response, options: DownloadOptions, deadline: Deadline,
): Promise<Downloaded> {
  const { status } = response;
  const isWhole = status === 200, isPart = status === 206 && options.range !== undefined;
  if (!isWhole && !isPart) {
    await response.body?.cancel();
    return refusal(response);
  }
  const read = await readBody(response, options, deadline);
  if (read === undefined) return { outcome: "too_large" };
  const { range } = options;
  if (range === undefined) return done(read, response);
  // A server without ranges sends the whole.
  const part = isPart ? read : read.subarray(range.offset, range.offset + range.length);
  if (part.length === range.length) return done(part, response);
  return { outcome: "failed", why: "another range than was asked for", canRetry: false };
}

function done(bytes: Uint8Array, response: Response): Downloaded {
  return { outcome: "done", bytes, entityTag: response.headers.get("etag") ?? undefined };
}

function refusal(response: Response): Downloaded {
  const { status } = response;
  if (status === 304) return { outcome: "unchanged" };
  if (status === 403 || status === 404 || status === 410) return { outcome: "not_found" };
  const canRetry = status === 408 || status === 429 || status >= 500;
  const seconds = Number(response.headers.get("retry-after"));
  const why = `the origin answered ${status}`;
  if (!(seconds > 0)) return { outcome: "failed", why, canRetry };
  return { outcome: "failed", why, canRetry, retryAfter: seconds * 1000 };
}

/** Undefined: too large. A whole body of which a part is wanted may be as long as that part's end. */
async function readBody(
  response: Response, options: DownloadOptions, deadline: Deadline,
): Promise<Uint8Array | undefined> {
  const { range } = options;
  const most = range !== undefined && response.status === 200
    ? range.offset + range.length : options.maxBytes;
  const isCut = range !== undefined && response.status === 200;
  const stated = Number(response.headers.get("content-length") ?? Number.NaN);
  const isEncoded = response.headers.get("content-encoding") !== null;
  const total = isEncoded || Number.isNaN(stated) ? undefined : stated;
  if (total !== undefined && total > most && !isCut) {
    await response.body?.cancel();
    return undefined;
  }
  const pieces: Uint8Array[] = [];
  let received = 0;
  const reader = response.body?.getReader();
  for (;;) {
    deadline.within(options.stallTimeout, "the answer stalled");
    const { done: isDone, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (isDone || value === undefined) break;
    pieces.push(value);
    received += value.length;
    options.progress?.(received, total);
    if (received <= most) continue;
    await reader?.cancel();
    if (!isCut) return undefined;
    break;
  }
  return join(pieces, Math.min(received, most));
}

function join(pieces: Uint8Array[], length: number): Uint8Array {
  if (pieces.length === 1) return pieces[0]!.subarray(0, length);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    const rest = piece.subarray(0, length - at);
    bytes.set(rest, at);
    at += rest.length;
  }
  return bytes;
}

/** Aborts when a step or the whole takes too long. */
class Deadline {
  why: string | undefined;
  private step: ReturnType<typeof setTimeout> | undefined;
  private readonly whole: ReturnType<typeof setTimeout>;

  constructor(private readonly abort: AbortController, timeout: number) {
    this.whole = setTimeout(() => this.end("it took too long"), timeout);
  }
  within(timeout: number, why: string): void {
    clearTimeout(this.step);
    this.step = setTimeout(() => this.end(why), timeout);
  }
  clear(): void {
    clearTimeout(this.step);
    clearTimeout(this.whole);
  }
  private end(why: string): void {
    this.why ??= why;
    this.abort.abort(new Error(why));
  }
}
