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

/** The caller's mistake, found before the module is asked. */
export function argumentError(message: string, where: string): GuardrankError {
  return new GuardrankError(100, "GR_STATUS_ARGUMENT", message, where);
}
