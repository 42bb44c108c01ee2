import { ErrorReply } from '@redis/client';
import { monotonicScheduler } from '../../transport/time/monotonic-scheduler';
import { answeredIn } from './answered-in';

/** Milliseconds in which a server that has let a call pass is to say that it is there. */
const PATIENCE_MS = 2000;

/** The client of one server. */
export interface ServerClient {
  readonly isReady: boolean;
  /** Another one with each connection. */
  readonly socketEpoch: number;
  ping(): Promise<unknown>;
  connect(): Promise<unknown>;
  destroy(): void;
}

/**
 * Finds servers that are silent. Their sockets do not say so: what is written to a machine that is gone is sent again and
 * again, for a quarter of an hour, and each write puts off the time at which a socket counts as idle.
 */
export class ServerWatch {
  private readonly asked = new Set<ServerClient>();

  /** Once a call has had no answer: asks whether the server is there. */
  look(client: ServerClient, isSilent: () => void): void {
    // One that is not connected is being connected to.
    if (client.isReady && !this.asked.has(client)) void this.ask(client, isSilent);
  }

  private async ask(client: ServerClient, isSilent: () => void): Promise<void> {
    const { socketEpoch } = client;
    this.asked.add(client);
    try {
      await answeredIn(PATIENCE_MS, monotonicScheduler, client.ping());
    } catch (error) {
      const isSame = client.isReady && client.socketEpoch === socketEpoch;
      if (isSame && !isAnswer(error)) isSilent();
    } finally {
      this.asked.delete(client);
    }
  }
}

/** Whether it is the server that has refused a call. */
export function isAnswer(error: unknown): error is Error {
  return error instanceof ErrorReply;
}

/** Whether a server refuses what is written, as it is a replica by now. */
export function isReadOnly(error: unknown): boolean {
  return isAnswer(error) && error.message.startsWith('READONLY');
}

/** Connects anew, to whoever is at that address by now. Only for a client that is ready: any other is at it by itself. */
export async function connectAnew(client: ServerClient): Promise<void> {
  client.destroy();
  try {
    await client.connect();
  } catch {
    // It was closed meanwhile.
  }
}
