import type { Rate } from './token-bucket';

/** The limits that are rates of one kind of packet, or of answer, on one connection. */
export type ConnectionRateName =
  | 'cancels'
  | 'refusals'
  | 'violations'
  | 'opens'
  | 'pings'
  | 'patches'
  | 'migrations'
  | 'cachePuts'
  | 'flowUpdates'
  | 'cacheInvalidates'
  | 'pongs'
  | 'controls'
  | 'objects'
  | 'hellos';

/**
 * What a server takes from its peers: the defences against peers that are slow, broken, greedy or
 * malicious. The defaults are {@link DEFAULT_SERVER_LIMITS}; a peer that keeps to its credit meets none
 * of them. `Infinity` switches a limit off. Whatever trips one is told on `server.limits$`.
 */
export interface ServerLimits {
  /**
   * Operations that are taken back less than 10 ms after they came, each of those that one FRAME_CANCEL, CANCEL, ABORT or
   * SUPERSEDE reaches, or that a DEADLINE has ended by then, and such words that reach nothing: starting work and taking
   * it back costs a peer nothing and the server a handler each time. Other cancels are use and do not count, however many they are: credit bounds what
   * they are of. The rate is for those that a network delivers together with their submits.
   */
  readonly cancels: Rate;
  /**
   * Submits and opens that are well-formed and not served: no room, no such cached object, a refused
   * SESSION_OPEN, a session that has ended, an answer of a tool more than were called, an offer of a capability that the
   * server has not. Each is answered, so they are work without end otherwise.
   */
  readonly refusals: Rate;
  /**
   * Packets that the protocol forbids. A peer that errs now and then goes on; one that does nothing else
   * ends.
   */
  readonly violations: Rate;
  /**
   * SESSION_OPEN, whatever becomes of it. Each is put to the policy and may be a session, and to open and
   * close without an end is work without an end. A gateway that comes back with all of its sessions, three times
   * over, is within. At once there are more by default where `maxSessionsPerConnection` is raised: three times as many as
   * that, or as `maxDetachedSessions` where that is less.
   */
  readonly opens: Rate;
  /** PING of the peer's. Each is answered. A client may ask ten times a second, `keepAlive: { idleMs: 100 }`, and more. */
  readonly pings: Rate;
  /** SESSION_PATCH. Each is put to the application and keeps a timer until it is answered. */
  readonly patches: Rate;
  /** SESSION_MIGRATE. Nobody changes networks more often. */
  readonly migrations: Rate;
  /** CACHE_PUT. Each is stored and answered, and may push others out. */
  readonly cachePuts: Rate;
  /** FLOW_UPDATE: a client that asks to hold an operation, or to go on. Each stops or starts a handler. */
  readonly flowUpdates: Rate;
  /** CACHE_INVALIDATE. Each looks through what the session has cached. */
  readonly cacheInvalidates: Rate;
  /** PONG that answers no PING of the server's. */
  readonly pongs: Rate;
  /**
   * What preview4 says of operations, sessions and their credit besides (PRIORITY_UPDATE, DEADLINE, TRACE_CONTEXT and
   * the like). Seven for each submit, all that its client may say of it, are not counted; nor are they of each that a client
   * which comes back waits for.
   */
  readonly controls: Rate;
  /**
   * What preview4 says of objects and of references to cached ones. What a client that comes back tells anew of its
   * objects, as many as it may have (`objects.maxObjects`), is not counted.
   */
  readonly objects: Rate;
  /** CLIENT_HELLO and TRANSPORT_PROBE together. Each is answered, before there is a session, too. */
  readonly hellos: Rate;
  /**
   * Milliseconds from the accept to the answer to the first CLIENT_HELLO or SESSION_OPEN; a TLS handshake,
   * a WebSocket's upgrade and the policy's time are within. A socket that says nothing costs as much as
   * one that works.
   */
  readonly handshakeMs: number;
  /**
   * Connections that are not past that; of one more, the oldest goes. A flood of them must not keep others
   * out.
   */
  readonly maxHandshakes: number;
  /** Connections of all listeners together, closing ones among them; one more is cut at the accept. */
  readonly maxConnections: number;
  /**
   * Bytes that are taken from a connection before the policy has accepted a SESSION_OPEN of it: what a stranger
   * can make the server read.
   * A packet counts from its first read on, with all that its header says it has: nothing is gathered of one
   * that is too long. (Of a WebSocket message in fragments, what has come counts.) By default 1 KiB and 4 bytes for
   * each of `maxInFlightOperations` where that is more: a client that comes back names those that it waits for.
   */
  readonly maxOpeningBytesIn: number;
  /**
   * Bytes that are sent to it before: what a stranger can make the server say. The default has room for ten opens
   * that a policy refuses with the longest of texts: a gateway opens for many, and some of them may be refused.
   */
  readonly maxOpeningBytesOut: number;
  /**
   * Sessions of one connection, those that a policy is still thinking about among them; one more is refused
   * (`session_limit_reached`).
   */
  readonly maxSessionsPerConnection: number;
  /**
   * Operations of all sessions of one connection that are with the application, those among them that were
   * cancelled and whose handlers go on; more wait. Otherwise sessions multiply what a session may have.
   */
  readonly maxInFlightPerConnection: number;
  /**
   * Answers that a peer provokes (PONGs, acks, refusals) and that wait until the peer takes them; while there
   * are so many, nothing is read from it. A peer that asks and does not listen costs memory. Answers that
   * wait behind results, which are most of what waits, are no reason: the results' own limits bound those.
   */
  readonly maxQueuedReplies: number;
  /**
   * Bytes of submits that wait for a slot, over all sessions (of one session: `ServerOptions.queue`). Past
   * them nothing is read from whoever submits more, until a quarter of it is free again.
   */
  readonly maxQueuedBytes: number;
  /**
   * Guesses at resume tokens of one connection: tokens that this server has made, and not for the session
   * whose id is given. One more ends it. A token of another process (it lacks this server's tag, see
   * `ServerOptions.tokenKey`) or of an id that is not known is none, and a right one is always taken.
   */
  readonly maxTokenFailures: number;
  /**
   * Guesses from one address (of IPv6: from one /64). Past them each ends its connection. Nobody else of the
   * address pays for it.
   */
  readonly addressTokenFailures: Rate;
  /**
   * Bytes that wait for one peer to read them (producers see pressure from 1 MiB on, or from half of it); more, and it is cut at
   * once. What an application sends that does not look at pressure would fill the memory. A result, which waits
   * as a whole, may have 15/16 of it: one that is larger is not sent, its operation is dropped (`failures$`). So is
   * an operation that has more waiting than 15/16 of what others leave: who does not look at pressure pays himself.
   */
  readonly maxUnreadBytes: number;
  /**
   * Bytes that may wait for longer than `unreadMs`: a burst passes, a peer that never catches up does not.
   */
  readonly maxLastingUnreadBytes: number;
  /**
   * Milliseconds that a peer with bytes to read may take none of them, or have more than
   * `maxLastingUnreadBytes`; then it is cut. Whoever reads at all, however slowly, takes some in less.
   */
  readonly unreadMs: number;
  /**
   * Bytes that wait for all peers together. Of more, the peer with the most is cut: those with little are
   * many and innocent, and to cut them would give little back.
   */
  readonly maxTotalUnreadBytes: number;
  /**
   * Milliseconds from the first byte of a packet to its last; then the connection ends. What has come of it
   * is kept until then. Raise it where peers send large bodies over slow networks: 4 MiB need 140 KiB/s.
   */
  readonly packetMs: number;
  /** Milliseconds that a packet may take at any speed. A lost segment holds one up for a second or two. */
  readonly packetGraceMs: number;
  /**
   * Bytes a second, on the average since its first, that a packet has to come with after `packetGraceMs`;
   * else the connection ends. 0 switches it off, too. Less is a peer that holds on to the server on purpose.
   */
  readonly minPacketBytesPerSecond: number;
  /**
   * Sessions that wait for their client. Of more, one is over: the oldest of the party, owner or address, with most of
   * them.
   */
  readonly maxDetachedSessions: number;
  /** Bytes of results that wait for clients that are away. Of more, the oldest session of the party with most is over. */
  readonly maxDetachedBytes: number;
  /**
   * Bytes of results of one operation that wait while its client holds it, because its consumer is slow; an
   * operation that would need more is dropped. Handlers that are pulled wait instead.
   */
  readonly maxHeldBytes: number;
  /** Bytes of those of all operations together. Of more, the largest answer of the owner or address with most goes. */
  readonly maxTotalHeldBytes: number;
  /**
   * Calls of tools of a session that its client has not answered: an operation that waits for one takes no slot. Past
   * them, `submit.tool` rejects with a failure, 503.
   */
  readonly maxToolCalls: number;
  /**
   * Milliseconds that the handler of an operation which has ended may keep its slot, because it awaits something
   * and looks at no signal. Then the slot goes to the next submit, of which a session may have as many such
   * handlers as it has slots; from one more on it is `maxUnsettledMs`, or until one of them has settled.
   */
  readonly unsettledMs: number;
  /** Milliseconds that it may keep its slot where there are so many. */
  readonly maxUnsettledMs: number;
  /**
   * Milliseconds that `server.close` waits, after its `graceMs`, for connections that are to end; then
   * they are cut. A peer that reads nothing must not keep the process.
   */
  readonly closeOvertimeMs: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** The defaults of {@link ServerLimits}. */
export const DEFAULT_SERVER_LIMITS: ServerLimits = {
  handshakeMs: 5000,
  maxHandshakes: 2048,
  maxConnections: 10_000,
  maxOpeningBytesIn: 16 * KIB,
  maxOpeningBytesOut: 4 * KIB,
  maxSessionsPerConnection: 64,
  maxInFlightPerConnection: 256,
  cancels: { burst: 500, perSecond: 100 },
  refusals: { burst: 100, perSecond: 10 },
  violations: { burst: 10, perSecond: 10 / 60 },
  opens: { burst: 200, perSecond: 20 },
  pings: { burst: 100, perSecond: 50 },
  patches: { burst: 100, perSecond: 10 },
  migrations: { burst: 3, perSecond: 0.1 },
  cachePuts: { burst: 100, perSecond: 10 },
  flowUpdates: { burst: 1000, perSecond: 500 },
  cacheInvalidates: { burst: 100, perSecond: 10 },
  pongs: { burst: 10, perSecond: 1 },
  controls: { burst: 2000, perSecond: 1000 },
  objects: { burst: 500, perSecond: 100 },
  hellos: { burst: 10, perSecond: 1 },
  maxQueuedReplies: 100,
  maxQueuedBytes: 1024 * MIB,
  maxTokenFailures: 5,
  addressTokenFailures: { burst: 20, perSecond: 20 / 60 },
  maxUnreadBytes: 16 * MIB,
  maxLastingUnreadBytes: 8 * MIB,
  unreadMs: 10_000,
  maxTotalUnreadBytes: 512 * MIB,
  packetMs: 30_000,
  packetGraceMs: 5_000,
  minPacketBytesPerSecond: KIB,
  maxDetachedSessions: 10_000,
  maxDetachedBytes: 256 * MIB,
  maxHeldBytes: 4 * MIB,
  maxTotalHeldBytes: 256 * MIB,
  maxToolCalls: 64,
  unsettledMs: 2000,
  maxUnsettledMs: 30_000,
  closeOvertimeMs: 5000,
};
