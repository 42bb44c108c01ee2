import { SessionRejectedError } from '../../../src/client/errors';
import { connect } from '../../../src/connect';
import type { Client } from '../../../src/client/client';
import type { ClientOptions } from '../../../src/client/options';
import type { ClientSession } from '../../../src/client/session/session';
import type { ConnectEndpoint } from '../../../src/transport/endpoint';
import { SessionStatus } from '../../../src/wire/messages/session-open';
import { pause } from '../../support/until';

/** What a page shows of an answer. */
export interface Shown {
  readonly asked: string | undefined;
  readonly isWhole: boolean;
  text: string;
  end: unknown;
}

/** A page that asks, or takes up what another has asked for, and does not come back where its connection is lost. */
export class Page {
  ticket = '';

  private constructor(
    readonly client: Client,
    private readonly session: ClientSession,
  ) {
    session.ticket$.subscribe((ticket) => {
      this.ticket = ticket;
    });
  }

  static async open(endpoint: ConnectEndpoint, options: ClientOptions = {}): Promise<Page> {
    const client = await connect(endpoint, options);
    return new Page(client, await client.openSession({ allowResume: true }));
  }

  /** Takes a session up, at once or as soon as its node is known to be gone. */
  static async resume(ticket: string, endpoint: ConnectEndpoint, options: ClientOptions = {}): Promise<Page> {
    for (let tries = 1; ; tries++) {
      // Another connection each: one that only asks to come later is worth little to its server.
      const client = await connect(endpoint, options);
      try {
        return new Page(client, await client.resumeSession(ticket));
      } catch (error) {
        const mayBeThereSoon =
          error instanceof SessionRejectedError && error.status === SessionStatus.RetryLater;
        await client.close();
        if (!mayBeThereSoon || tries === 40) throw error;
        await pause(500);
      }
    }
  }

  /** Resolves once it has the answer, or never will. */
  ask(body: string): Promise<void> {
    return new Promise((resolve) => {
      this.session.submit({ body }).subscribe({ error: () => resolve(), complete: resolve });
    });
  }

  /** What it was given of those before it. */
  shown(): readonly Shown[] {
    return this.session.operations.map(({ sent, isWhole, results }) => {
      const shown: Shown = { asked: sent?.text, isWhole, text: '', end: undefined };
      results.text$.subscribe({
        next: (text) => {
          shown.text += text;
        },
        error: (error: unknown) => {
          shown.end = error;
        },
        complete: () => {
          shown.end = 'complete';
        },
      });
      return shown;
    });
  }
}
