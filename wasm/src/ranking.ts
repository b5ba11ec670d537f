// The JSON forms of a request and of its ranking, as types.

/** Null and absent mean missing. Integers beyond 2^53 travel as decimal strings or BigInt. */
export type FactValue = number | bigint | boolean | string | string[] | number[] | null;
export type Facts = Record<string, FactValue>;

export interface RankRequest {
  request_id?: string | null;
  /** RFC 3339, "2026-11-21T10:00:00Z": the engine has no clock. */
  time: string;
  seed?: number | bigint | string | null;
  /** Positions wanted, at least 1; absent: all. */
  limit?: number | null;
  explain?: boolean;
  route?: {
    product?: string | null;
    market?: string | null;
    segment?: string | null;
    partner?: string | null;
    surface?: string | null;
    unit?: string | null;
  };
  context?: Facts;
  /** Absent: the whole catalog. */
  candidates?: { offer: string; facts?: Facts; pair?: Facts }[];
}

/** A number beyond 2^53 stands as its decimal text. */
export type Integer = number | string;

export interface HeadOutcome {
  logit: number;
  corrected: number;
  probability: number;
  reach: number;
}

/** A value head's outcome: its logit is mu, `value` the expected amount in the head's unit. */
export interface ValueOutcome {
  logit: number;
  value: number;
}

export interface RankedOffer {
  position: number;
  offer: string;
  score_micros: Integer;
  propensity: number;
  /** Where policy put the offer here. */
  mandated?: true;
  heads?: Record<string, HeadOutcome | ValueOutcome>;
  terms?: { id: string; micros: Integer }[];
  /** Guardrails that a change of a tenth of one number or less would make remove this offer. */
  near_edge?: (Change & { guardrail: string })[];
}

export interface Reason {
  /** Id of the rule, guardrail or term; the name of a fact that may not be missing. */
  rule: string;
  /** This, the text and the adverse action are a missing fact's own where it has some. */
  code: string;
  /** Where the request said `explain`. */
  text?: string;
  value: string;
  adverse_action?: string;
  missing?: string;
  /** What went wrong where `value` is "error": "division by zero"; only in the JSON form. */
  problem?: string;
  /** 1 to 4 for the principal reasons of the exclusion. */
  principal?: number;
  /** The smallest change of one number that would have flipped it; only in the JSON form. */
  change?: Change;
}

/** From what a number is to the nearest value with which a rule or guardrail decides otherwise. */
export interface Change {
  /** "ctx.age", "p.approve" */
  fact: string;
  /** A time is RFC 3339 text. */
  from: Integer;
  to: Integer;
}

export interface ExcludedOffer {
  offer: string;
  stage: string;
  reasons: Reason[];
}

export interface Ranking {
  request_id: string | null;
  release: string;
  artifacts: { release: string | null; model: string; policy: string; catalog: string };
  engine: string;
  numerics: number;
  stages: {
    /** "single" or "two_stage". */
    path: string;
    /** More were scored than the policy's budget has room for. */
    raised?: boolean;
    candidates: number;
    eligible: number;
    retrieved: number;
    scored: number;
    removed: number;
  };
  ranked: RankedOffer[];
  excluded: ExcludedOffer[];
  /** Base64, where it was asked for: what `replay` takes. */
  record?: string;
}

export interface RankOptions {
  /** Heads, terms and reasons in the answer; overrides the request's own word. */
  explain?: boolean;
  /** Adds the record, from which anyone can compute the decision again. */
  record?: boolean;
}

export interface RecordOptions {
  /**
   * "full" (the default) replays by itself; "redacted" holds commitments in place of the request's
   * values that `shows` does not list; "digest" holds a commitment to the whole.
   */
  level?: "full" | "redacted" | "digest";
  /** Values that a redacted record shows: "ctx.state", "offer.apr", "route.market", "request_id". */
  shows?: readonly string[];
  /** 16 random bytes or more, kept secret, for this record only; wanted unless it is full. */
  salt?: Uint8Array;
  /** SHA-256 of the record before it in a chain. */
  previous?: Uint8Array;
}

/** What a redacted or digest record leaves out. */
export interface ReplaySupplement {
  request: RankRequest | string;
  salt: Uint8Array;
}

export interface Replay {
  isEqual: boolean;
  /** Where the first bit differed; empty when none did. */
  firstDifference: string;
}
