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
