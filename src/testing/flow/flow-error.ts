/** What a flow fails with: what did not happen as its strings say, or what was left in the end. */
export class FlowError extends Error {
  override readonly name = 'FlowError';

  /** Takes the stack of where the flow was called: that is where the test is, and not in this module. */
  pointAt(stack: string | undefined): void {
    const calls = stack?.split('\n').slice(2);
    if (calls !== undefined) this.stack = [`${this.name}: ${this.message}`, ...calls].join('\n');
  }
}
