import { MAX_WANTED_OPERATIONS } from '../../protocol/session/session-extension';
import type { SessionCarrier } from '../session/session-carrier';
import type { InFlight } from './in-flight';

/**
 * The operations that a server takes to be wanted, from when their connection is lost until it hears more over the
 * next: those that are given up meanwhile are cancelled there.
 */
export class ToldOperations {
  private ids: readonly number[] = [];

  constructor(
    private readonly carrier: SessionCarrier,
    private readonly inFlight: InFlight,
  ) {}

  /** The connection is lost: the server has heard of all that is in flight, or will. */
  lost(): void {
    this.ids = this.inFlight.ids();
  }

  /**
   * The operations in flight, which is what the server is told of them: it ends all others. Undefined where they
   * are too many to be told: it ends none, and those that were given up are cancelled once there is a connection.
   */
  tell(): readonly number[] | undefined {
    if (this.inFlight.size > MAX_WANTED_OPERATIONS) return undefined;
    this.ids = this.inFlight.ids();
    return this.ids;
  }

  /** Of each of them how many parts have come, as they were told. */
  parts(): readonly number[] {
    return this.ids.map((id) => this.inFlight.get(id)?.parts ?? 0);
  }

  /** Cancels those that were given up since the server was told, as far as it has received them. */
  cancelOthers(lastReceivedId: number): void {
    for (const id of this.ids) {
      if (id <= lastReceivedId && !this.inFlight.has(id)) this.carrier.cancel(id);
    }
    this.forget();
  }

  /** The server has none of them any more. */
  forget(): void {
    this.ids = [];
  }
}
