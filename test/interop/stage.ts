import { map } from 'rxjs';
import { connect, type Client, type ClientSession, type SessionOptions } from '../../src';
import { createServer, REFERENCE_DEFAULTS } from '../../src';
import type { Server, ServerOptions, ServerSession } from '../../src';
import { tcp } from '../../src/transport/tcp/tcp';
import type { ConnectEndpoint } from '../../src/transport/endpoint';
import { SessionOpenMetadata } from '../../src/wire/messages/session-open';
import { bytesOf, openAckPacket } from '../support/packets';
import { Inbox } from './inbox';
import { RawListener, RawSocket } from '../support/raw-socket';
import {
  RustPeer,
  RustPeerError,
  type BindOptions,
  type ConnectOptions,
  type RustClientSession,
  type RustServer,
  type RustServerSession,
} from './rust-peer';

/** A server of this library on a TCP port. */
export interface Served {
  readonly server: Server;
  readonly port: number;
  readonly sessions: Inbox<ServerSession>;
  /** Each as `kind: message`. One that a test leaves here fails it. */
  readonly violations: Inbox<string>;
  /** As violations. */
  readonly failures: Inbox<string>;
}

/** A client of this library. */
export interface Connected {
  readonly client: Client;
  /** Each as `kind: message`. One that a test leaves here fails it. */
  readonly violations: Inbox<string>;
}

/** Who takes part in a test. All of them are gone after it. */
export interface Stage {
  /** The Rust runtime, a process of its own for each test. */
  readonly rust: RustPeer;
  /** Starts a server of this library, with the reference's defaults. */
  serve(options?: Partial<ServerOptions>): Promise<Served>;
  /** Connects a client of this library. */
  connect(port: number | ConnectEndpoint): Promise<Connected>;
  connectRaw(port: number): Promise<RawSocket>;
  listenRaw(): Promise<RawListener>;
  /** A session of the Rust client at a server of this library: both ends of it. */
  rustClient(
    serve?: Partial<ServerOptions>,
    open?: Omit<ConnectOptions, 'port'>,
  ): Promise<Served & { readonly rust: RustClientSession; readonly session: ServerSession }>;
  /** A session of a client of this library at a Rust server: both ends of it. */
  rustServer(
    bind?: BindOptions,
    open?: SessionOptions,
  ): Promise<
    Connected & {
      readonly rust: RustServerSession;
      readonly session: ClientSession;
      readonly rustServer: RustServer;
    }
  >;
  /** A session of a client of this library at a server that the test plays by hand. */
  clientAtRaw(
    open?: SessionOptions,
  ): Promise<Connected & { readonly session: ClientSession; readonly raw: RawSocket }>;
  /** A session of the Rust client at a server that the test plays by hand. */
  rustClientAtRaw(
    open?: Omit<ConnectOptions, 'port'>,
  ): Promise<{ readonly rust: RustClientSession; readonly raw: RawSocket }>;
}

/** Answers a SESSION_OPEN: the session that was asked for, and eight operations at a time. */
async function answerOpen(raw: RawSocket): Promise<void> {
  const { metadata } = await raw.nextPacket();
  const { requestedSessionId } = SessionOpenMetadata.decode(metadata);
  const ack = {
    sessionId: requestedSessionId,
    grantedOperationCredit: 8,
    maxInFlightOperations: 8,
    serverSessionTag: BigInt(requestedSessionId),
  };
  raw.write(bytesOf(openAckPacket({ sessionId: requestedSessionId, metadata: ack })));
}

/** Sets the stage for every test of the file or `describe` block that it is called in. */
export function stage(): Stage {
  let rust: RustPeer | undefined;
  const cuts: (() => void)[] = [];
  const closings: (() => Promise<void>)[] = [];
  const complaints: (() => readonly string[])[] = [];

  beforeEach(async () => {
    rust = await RustPeer.start();
  });

  afterEach(async () => {
    // First what just ends: a close waits for the other end of its connection.
    await rust?.close();
    for (const cut of cuts.splice(0)) cut();
    for (const close of closings.splice(0).reverse()) await close();
    expect(complaints.splice(0).flatMap((untaken) => untaken())).toEqual([]);
  });

  const complaintsOf = (inbox: Inbox<string>): Inbox<string> => {
    complaints.push(() => inbox.untaken());
    return inbox;
  };

  const set: Stage = {
    get rust() {
      if (rust === undefined) throw new Error('the stage is set when a test runs');
      return rust;
    },

    async serve(options = {}) {
      const server = createServer({
        listen: tcp({ port: 0 }),
        ...REFERENCE_DEFAULTS.server,
        ...options,
      });
      const violations$ = server.violations$.pipe(map(({ error }) => `${error.kind}: ${error.message}`));
      const failures$ = server.failures$.pipe(map(({ kind, message }) => `${kind}: ${message}`));
      const sessions = new Inbox(server.sessions$);
      const violations = complaintsOf(new Inbox(violations$));
      const failures = complaintsOf(new Inbox(failures$));
      closings.push(() => server.close({ graceMs: 0 }));
      const [address] = await server.listening();
      return { server, port: address!.port, sessions, violations, failures };
    },

    async connect(port) {
      const endpoint = typeof port === 'number' ? tcp({ port }) : port;
      const client = await connect(endpoint, { revision: 'preview3' });
      const violations$ = client.violations$.pipe(map(({ kind, message }) => `${kind}: ${message}`));
      // Who cares how a connection ends subscribes by itself.
      client.ended$.subscribe({ error: () => undefined });
      closings.push(() => client.close());
      return { client, violations: complaintsOf(new Inbox(violations$)) };
    },

    async connectRaw(port) {
      const socket = await RawSocket.connect(port);
      cuts.push(() => {
        socket.destroy();
      });
      return socket;
    },

    async listenRaw() {
      const listener = await RawListener.listen();
      cuts.push(() => {
        listener.close();
      });
      return listener;
    },

    async rustClient(serve, open) {
      const served = await set.serve(serve);
      const client = await set.rust.connect({ port: served.port, ...open });
      const session = await client.openSession();
      return { ...served, rust: session, session: await served.sessions.next() };
    },

    async rustServer(bind, open) {
      const rustServer = await set.rust.bind(bind);
      const connected = await set.connect(rustServer.port);
      const [accepted, session] = await Promise.all([
        rustServer.accept(),
        connected.client.openSession({ ...REFERENCE_DEFAULTS.session, ...open }),
      ]);
      return { ...connected, rustServer, rust: accepted, session };
    },

    async clientAtRaw(open) {
      const listener = await set.listenRaw();
      const connected = await set.connect(listener.port);
      const raw = (await listener.accept()).read();
      const opening = connected.client.openSession({ ...REFERENCE_DEFAULTS.session, ...open });
      const [session] = await Promise.all([opening, answerOpen(raw)]);
      return { ...connected, session, raw };
    },

    async rustClientAtRaw(open) {
      const listener = await set.listenRaw();
      const client = await set.rust.connect({ port: listener.port, ...open });
      const raw = (await listener.accept()).read();
      const [session] = await Promise.all([client.openSession(), answerOpen(raw)]);
      return { rust: session, raw };
    },
  };
  return set;
}

/**
 * What the Rust runtime says where a command of it fails: `UnexpectedMessage: server expected
 * FRAME_SUBMIT`, `Protocol InvalidMagic: invalid packet magic`, `Io UnexpectedEof`.
 */
export async function rustError(failing: Promise<unknown>): Promise<string> {
  try {
    await failing;
  } catch (error) {
    if (!(error instanceof RustPeerError)) throw error;
    const { kind, detail, message } = error;
    const what = detail === undefined ? kind : `${kind} ${detail}`;
    // The words of an I/O error are the operating system's.
    return kind === 'Io' ? what : `${what}: ${message.replace(COMMAND_AND_KIND, '')}`;
  }
  throw new Error('the Rust runtime was to refuse this and did not');
}

const COMMAND_AND_KIND = /^\w+: (unexpected runtime message: |protocol validation failed: )?/;
