/** All that a server holds at a moment: a dashboard shows it, and a test finds it empty in the end. */
export interface ServerUsage {
  readonly connections: number;
  /** Session ids in use, those of sessions that wait for their client among them. */
  readonly sessions: number;
  /** Operations with the application. */
  readonly operationsInFlight: number;
  /** Slots that operations which have ended keep, because their handlers go on. */
  readonly slotsKept: number;
  /** Operations that wait for a slot, or for somebody to subscribe. */
  readonly operationsQueued: number;
  /** Results that wait for their client, or for proof that it has them. */
  readonly outboxResults: number;
  /** Bytes of those. */
  readonly outboxBytes: number;
  /** Bytes of results that wait because clients hold their operations. */
  readonly heldBytes: number;
  /** Bytes of answers that are kept for clients with a ticket. */
  readonly retainedBytes: number;
  /** Bytes that were sent and that no peer has taken yet. */
  readonly queuedBytes: number;
}

/** A session's share of {@link ServerUsage}. */
export type SessionUsage = Omit<ServerUsage, 'connections' | 'sessions' | 'retainedBytes' | 'queuedBytes'>;

/** The parts of a session that have such a share. */
interface UsingSession {
  readonly operations: {
    readonly inFlightCount: number;
    readonly keptCount: number;
    readonly queuedCount: number;
    readonly heldBytes: number;
  };
  readonly outlet: { readonly heldResults: number; readonly heldBytes: number };
}

export function sessionUsage({ operations, outlet }: UsingSession): SessionUsage {
  return {
    operationsInFlight: operations.inFlightCount,
    slotsKept: operations.keptCount,
    operationsQueued: operations.queuedCount,
    outboxResults: outlet.heldResults,
    outboxBytes: outlet.heldBytes,
    heldBytes: operations.heldBytes,
  };
}

/** The parts of a server that hold something. */
interface UsingServer {
  readonly registry: { readonly size: number; cores(): readonly UsingSession[] };
  readonly connections: ReadonlySet<{ readonly transport: { readonly queuedBytes: number } }>;
  readonly retained: { readonly byteLength: number } | undefined;
}

export function serverUsage({ registry, connections, retained }: UsingServer): ServerUsage {
  const held = registry.cores().map(sessionUsage);
  return {
    connections: connections.size,
    sessions: registry.size,
    operationsInFlight: sum(held, ({ operationsInFlight }) => operationsInFlight),
    slotsKept: sum(held, ({ slotsKept }) => slotsKept),
    operationsQueued: sum(held, ({ operationsQueued }) => operationsQueued),
    outboxResults: sum(held, ({ outboxResults }) => outboxResults),
    outboxBytes: sum(held, ({ outboxBytes }) => outboxBytes),
    heldBytes: sum(held, ({ heldBytes }) => heldBytes),
    retainedBytes: retained?.byteLength ?? 0,
    queuedBytes: sum([...connections], ({ transport }) => transport.queuedBytes),
  };
}

function sum<T>(items: readonly T[], measure: (item: T) => number): number {
  return items.reduce((total, item) => total + measure(item), 0);
}
