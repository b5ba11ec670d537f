// What time it is for those who wait: the wall clock's, but never back, and no jumps while nobody asks anew.

/** Milliseconds since 1970. */
export class Clock {
  private ahead = Date.now() - performance.now();

  now(): number {
    if (this.ahead <= 0) this.follow();   // a worker's global scope has no time
    return performance.now() + this.ahead;
  }

  /**
   * A wall clock that was put ahead, or a machine that slept, is followed; one that was put back is not, as signed
   * metadata does not go back in time either.
   */
  follow(): void {
    this.ahead = Math.max(this.ahead, Date.now() - performance.now());
  }
}
