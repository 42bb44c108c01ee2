interface Entry {
  /** The number of its newest result. */
  readonly last: number;
  readonly bytes: number;
}

/** What the log holds of a session's results, whether or not their client has them: in bounds. */
export class LogExtent {
  private readonly entries: Entry[] = [];
  private bytes = 0;

  get byteLength(): number {
    return this.bytes;
  }

  add(entry: Entry): void {
    if (entry.bytes === 0) return;
    this.entries.push(entry);
    this.bytes += entry.bytes;
  }

  /**
   * The number of the newest result that goes, of those up to `wanted`, and of more where there are more bytes: whoever
   * is to go on with an answer has to have the whole of it, and of one that is endless nobody can. None behind `released`
   * goes, which clients may lack.
   */
  trim(wanted: number, maxBytes: number, released: number): number {
    let gone = 0;
    let trimmed = Math.min(wanted, released);
    for (const { last, bytes } of this.entries) {
      if (last > released || (last > wanted && this.bytes <= maxBytes)) break;
      gone += 1;
      this.bytes -= bytes;
      trimmed = Math.max(trimmed, last);
    }
    this.entries.splice(0, gone);
    return trimmed;
  }
}
