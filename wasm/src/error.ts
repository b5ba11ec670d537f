/** What went wrong (code, status), where, what was wanted and what was found. */
export class GuardrankError extends Error {
  override readonly name = "GuardrankError";

  constructor(
    /** The pinned number of the status, 203 for GR_STATUS_TYPE. */
    readonly code: number,
    /** The status by name, "GR_STATUS_TYPE". */
    readonly status: string,
    message: string,
    /** The place: "context.income", or an artifact's section. Empty when there is none. */
    readonly where = "",
    readonly expected = "",
    readonly found = "",
  ) {
    super(message);
  }

  /** The form that every door of guardrank uses: {"error": {...}}. */
  toJSON(): { error: { code: number; name: string; message: string; where: string } } {
    return {
      error: { code: this.code, name: this.status, message: this.message, where: this.where },
    };
  }
}

/** Statuses that this package finds by itself, with the numbers of guardrank.h. */
const statuses = { ARGUMENT: 100, TYPE: 203, NOT_FINITE: 204, LIMIT: 800, INTERNAL: 901 };

/** GR_STATUS_MISSING */
export const missing = 202;

/** The status behind whatever was thrown: what is not the engine's is internal. */
export function codeOf(failure: unknown): number {
  return failure instanceof GuardrankError ? failure.code : statuses.INTERNAL;
}

/** In the engine's words: "context.income: wanted a number, found a string". */
export function wantedError(
  status: keyof typeof statuses, where: string, expected: string, found: string,
): GuardrankError {
  const message = `${where}: wanted ${expected}, found ${found}`;
  return new GuardrankError(
    statuses[status], `GR_STATUS_${status}`, message, where, expected, found,
  );
}

/** The caller's mistake, found before the module is asked. */
export function argumentError(message: string, where: string): GuardrankError {
  return new GuardrankError(statuses.ARGUMENT, "GR_STATUS_ARGUMENT", message, where);
}
