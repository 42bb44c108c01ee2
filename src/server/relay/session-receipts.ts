import type { ObjectsConnection } from '../../objects/objects-port';
import { pingPacket } from '../../protocol/ping';
import type { Transport } from '../../transport/transport';

/**
 * Has the client of a session show what it has received of it, by PINGs of the session: those of its connection are for the
 * node to ask that has it. Clients of preview4 answer them, and no others have objects.
 */
export class SessionReceipts implements Pick<ObjectsConnection, 'receipt'> {
  private asked = 0;
  private lastAnswered = 0;

  constructor(
    private readonly transport: Pick<Transport, 'send'>,
    private readonly sessionId: number,
  ) {}

  receipt(): () => boolean {
    const number = (this.asked += 1);
    this.transport.send(pingPacket(number, this.sessionId));
    return () => this.lastAnswered >= number;
  }

  /** A PONG of the session has come. False where it answers nothing. */
  answered(number: number): boolean {
    if (number <= this.lastAnswered || number > this.asked) return false;
    this.lastAnswered = number;
    return true;
  }
}
