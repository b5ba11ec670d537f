// One fetch of the store's: bounded in time and size, conditional or ranged where asked.

export interface DownloadOptions {
  /** Most bytes of the body, decoded. */
  maxBytes: number;
  /** Exactly these bytes, as they stand on the origin; or, from a server that knows no ranges, all to their end. */
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
  /** Of a range: there is none, or not that one came. */
  | { outcome: "other_range"; why: string }
  /** `bytes`: what came before it broke off, from the first byte on that was asked for. */
  | { outcome: "failed"; why: string; canRetry: boolean; retryAfter?: number; bytes?: Uint8Array };

/** Never rejects: whatever happens is an outcome. */
export async function download(url: string, options: DownloadOptions): Promise<Downloaded> {
  const abort = new AbortController();
  const stop = () => abort.abort(options.signal?.reason);
  options.signal?.addEventListener("abort", stop, { once: true });
  if (options.signal?.aborted) stop();
  const deadline = new Deadline(abort, options.timeout);
  const body = new Body(options, abort.signal);
  try {
    deadline.within(options.firstByteTimeout, "no answer");
    return await unlessAborted(abort.signal, fetchAndRead(url, body, options, deadline, abort.signal));
  } catch (failure) {
    const why = deadline.why ?? (failure instanceof Error ? failure.message : String(failure));
    if (options.signal?.aborted) return { outcome: "failed", why, canRetry: false };
    return { outcome: "failed", why, canRetry: true, bytes: body.asked() };
  } finally {
    deadline.clear();
    options.signal?.removeEventListener("abort", stop);
  }
}

async function fetchAndRead(
  url: string, body: Body, options: DownloadOptions, deadline: Deadline, signal: AbortSignal,
): Promise<Downloaded> {
  const response = await (options.fetch ?? fetch)(url, {
    headers: headersOf(options), signal, redirect: "follow",
    cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer",
  });
  if (!signal.aborted) return readResponse(response, body, options, deadline);
  response.body?.cancel().catch(() => {});
  throw signal.reason;
}

/** The promise, or the signal's reason: Node 18's fetch may lose sight of a signal, and then never ends. */
function unlessAborted<Value>(signal: AbortSignal, promise: Promise<Value>): Promise<Value> {
  const aborted = new Promise<never>((_, reject) => {
    const end = () => reject(signal.reason);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
  return Promise.race([promise, aborted]);
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
  response: Response, body: Body, options: DownloadOptions, deadline: Deadline,
): Promise<Downloaded> {
  const { status } = response, { range } = options;
  const isPart = status === 206 && range !== undefined;
  if (status === 416 && range !== undefined || isPart && !isRange(response, range)) {
    await response.body?.cancel();
    return { outcome: "other_range", why: `the origin answered ${status}` };
  }
  if (status !== 200 && !isPart) {
    await response.body?.cancel();
    return refusal(response);
  }
  body.first = isPart ? range.offset : 0;
  const isComplete = await body.read(response, deadline);
  if (!isComplete) return { outcome: "too_large" };
  const bytes = body.all();
  if (range === undefined || bytes.length === body.most) return done(bytes, response);
  const why = `${bytes.length} bytes came instead of ${body.most}`;
  return isPart ? { outcome: "failed", why, canRetry: true, bytes } : { outcome: "other_range", why };
}

/** As far as it is told: of another site's answer this header is seen where the site says so. */
function isRange(response: Response, { offset }: { offset: number }): boolean {
  const told = response.headers.get("content-range"), encoding = response.headers.get("content-encoding");
  return (told === null || told.startsWith(`bytes ${offset}-`)) && (encoding ?? "identity") === "identity";
}

function done(bytes: Uint8Array, response: Response): Downloaded {
  return { outcome: "done", bytes, entityTag: response.headers.get("etag") ?? undefined };
}

function refusal(response: Response): Downloaded {
  const { status } = response;
  if (status === 304) return { outcome: "unchanged" };
  if (status === 403 || status === 404 || status === 410) return { outcome: "not_found" };
  const canRetry = status === 408 || status === 429 || status >= 500;
  const retryAfter = waitOf(response.headers.get("retry-after"));
  const why = `the origin answered ${status}`;
  return { outcome: "failed", why, canRetry, ...(retryAfter > 0 ? { retryAfter } : {}) };
}

/** Milliseconds that a Retry-After asks for: of seconds, or of a date (RFC 9110, 10.2.3). 0: it asks for none. */
function waitOf(asked: string | null): number {
  if (asked === null) return 0;
  const seconds = Number(asked);
  return Math.max(Number.isNaN(seconds) ? Date.parse(asked) - Date.now() : seconds * 1000, 0) || 0;
}

/** What comes of a body, also of one that breaks off. */
class Body {
  /** Which byte of the file it begins with. */
  first = 0;
  private readonly pieces: Uint8Array[] = [];
  private received = 0;

  constructor(private readonly options: DownloadOptions, private readonly signal: AbortSignal) {}

  /** Bytes that are of use. */
  get most(): number {
    const { range, maxBytes } = this.options;
    return range === undefined ? maxBytes : range.offset + range.length - this.first;
  }

  /** False: too large. A whole body of which a part is wanted is read to that part's end. */
  async read(response: Response, deadline: Deadline): Promise<boolean> {
    const { stallTimeout, progress } = this.options;
    const isCut = this.options.range !== undefined && response.status === 200;
    const stated = Number(response.headers.get("content-length") ?? Number.NaN);
    const isEncoded = response.headers.get("content-encoding") !== null;
    const total = isEncoded || Number.isNaN(stated) ? undefined : stated;
    if (total !== undefined && total > this.most && !isCut) {
      await response.body?.cancel();
      return false;
    }
    const reader = response.body?.getReader();
    for (;;) {
      deadline.within(stallTimeout, "the answer stalled");
      const { done: isDone, value } = (await reader?.read()) ?? { done: true, value: undefined };
      if (this.signal.aborted) {
        reader?.cancel().catch(() => {});
        throw this.signal.reason;
      }
      if (isDone || value === undefined) return true;
      this.pieces.push(value);
      this.received += value.length;
      progress?.(this.first + this.received, total === undefined ? undefined : this.first + total);
      if (this.received <= this.most) continue;
      await reader?.cancel();
      return isCut;
    }
  }

  /** All of it. */
  all(): Uint8Array {
    return join(this.pieces, Math.min(this.received, this.most));
  }

  /** From the first byte on that was asked for. */
  asked(): Uint8Array {
    return this.all().subarray((this.options.range?.offset ?? 0) - this.first);
  }
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
