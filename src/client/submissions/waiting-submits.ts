import type { Submission } from './submission';

/** The submits of a session that wait to be sent, in the order in which they will be. */
export class WaitingSubmits extends Set<Submission> {
  /** Of those that were taken back, the frames that they were. */
  private readonly frames = new WeakMap<Submission, number>();

  /** Takes back what was sent, and never begun: before those that never were, in the order of their frames. */
  putBack(returned: readonly Submission[]): void {
    if (returned.length === 0) return;
    for (const submission of returned) {
      this.frames.set(submission, submission.frameId);
      submission.frameId = 0;
      submission.updates = undefined;
    }
    const ordered = [...returned, ...this].sort((one, other) => this.placeOf(one) - this.placeOf(other));
    this.clear();
    for (const each of ordered) this.add(each);
  }

  /** Those that were never sent stay as they are, behind the others. */
  private placeOf(submission: Submission): number {
    return this.frames.get(submission) ?? Number.MAX_VALUE;
  }
}
