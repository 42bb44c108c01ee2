/** All that a client holds at a moment: a dashboard shows it, and a test finds it empty in the end. */
export interface ClientUsage {
  /** Connections. More than one only while a session moves to another transport. */
  readonly links: number;
  /** Sessions, those that wait for their connection to be made again among them. */
  readonly sessions: number;
  /** Operations that were submitted and have not ended. */
  readonly operationsInFlight: number;
  /** Submits that wait for credit, or for a connection. */
  readonly operationsWaiting: number;
  /** Bytes of results that wait for `for await` loops. */
  readonly bufferedBytes: number;
  /** Requests (opens, patches, cache puts, migrations, closes) without their ack. */
  readonly acksAwaited: number;
  /** Bytes that were sent and that the server has not taken yet. */
  readonly queuedBytes: number;
}

/** A session's share of {@link ClientUsage}. */
export type ClientSessionUsage = Omit<ClientUsage, 'links' | 'sessions' | 'queuedBytes'>;

/** The parts of a link that hold something. */
interface UsingLink {
  readonly opensAwaited: number;
  readonly transport: { readonly queuedBytes: number };
}

export function clientUsage(
  links: readonly UsingLink[],
  sessions: readonly { readonly usage: ClientSessionUsage }[],
): ClientUsage {
  const held = sessions.map(({ usage }) => usage);
  return {
    links: links.length,
    sessions: held.length,
    operationsInFlight: sum(held, ({ operationsInFlight }) => operationsInFlight),
    operationsWaiting: sum(held, ({ operationsWaiting }) => operationsWaiting),
    bufferedBytes: sum(held, ({ bufferedBytes }) => bufferedBytes),
    acksAwaited: sum(held, ({ acksAwaited }) => acksAwaited) + sum(links, ({ opensAwaited }) => opensAwaited),
    queuedBytes: sum(links, ({ transport }) => transport.queuedBytes),
  };
}

function sum<T>(items: readonly T[], measure: (item: T) => number): number {
  return items.reduce((total, item) => total + measure(item), 0);
}
