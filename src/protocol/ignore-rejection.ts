/**
 * Takes what a callback gave that had to answer at once. Where that is a promise, its rejection has somebody who
 * hears of it: one that nobody does ends a process.
 */
export function ignoreRejection(answer: unknown): void {
  if (typeof answer !== 'object' || answer === null) return;
  void new Promise((resolve) => {
    resolve(answer);
  }).catch(() => undefined);
}
