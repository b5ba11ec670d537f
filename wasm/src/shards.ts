// Rankings for one user where the users' tables did not come with the model: the shards that hold the
// request's rows are fetched, the others are not.
import { argumentError, GuardrankError, missing } from "./error.js";
import type { Ranking, RankOptions, RankRequest } from "./ranking.js";
import type { WantedShard } from "./session.js";
import type { Snapshot } from "./snapshot.js";

/** Ranks until nothing is wanted any more. */
export async function rankWithShards(
  snapshot: Snapshot, request: RankRequest | string | Uint8Array, options: RankOptions,
  fetch: (wanted: WantedShard) => Promise<Uint8Array>,
): Promise<Ranking> {
  const shards = new Map<string, Uint8Array>();
  for (;;) {
    try {
      return snapshot.rank(request, options);
    } catch (failure) {
      const isMissing = failure instanceof GuardrankError && failure.code === missing &&
        failure.where.includes("].shards[");
      const wanted = isMissing ? snapshot.wanted() : [];
      if (wanted.length === 0) throw failure;
      const unknown = wanted.filter(({ sha256 }) => !shards.has(sha256));
      // In one turn with the ranking that wants them: another one on this snapshot wants others.
      if (unknown.length === 0) for (const { sha256 } of wanted) snapshot.addShard(shards.get(sha256)!);
      const fetched = await Promise.all(unknown.map(fetch));
      unknown.forEach(({ sha256 }, index) => shards.set(sha256, fetched[index]!));
    }
  }
}

/** The bytes of 64 hexadecimal digits. */
export function digestOf(sha256: string): Uint8Array {
  const pairs = /^[0-9a-f]{64}$/.test(sha256) ? sha256.match(/../g)! : undefined;
  if (pairs === undefined) throw argumentError("sha256: wanted 64 hexadecimal digits", "sha256");
  return Uint8Array.from(pairs, (pair) => parseInt(pair, 16));
}
