/**
 * Requests that wait for their acks, in the order in which they were sent: the protocol's acks carry no
 * id of their request, so the first ack is the first request's.
 */
export class Awaited<Request, Ack> {
  private readonly waiting: {
    readonly request: Request;
    readonly resolve: (ack: Ack) => void;
    readonly reject: (error: unknown) => void;
  }[] = [];

  get size(): number {
    return this.waiting.length;
  }

  /** The request that the next ack is for. */
  get first(): Request | undefined {
    return this.waiting[0]?.request;
  }

  add(request: Request): Promise<Ack> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ request, resolve, reject });
    });
  }

  /** Takes the ack of the first request; false where none waits. */
  settle(answer: (request: Request) => Ack): boolean {
    const first = this.waiting.shift();
    if (first === undefined) return false;
    try {
      first.resolve(answer(first.request));
    } catch (error) {
      first.reject(error);
    }
    return true;
  }

  rejectAll(error: unknown): void {
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }
}
