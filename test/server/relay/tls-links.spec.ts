import { concatMap, defer, delay, from, lastValueFrom, of, reduce } from 'rxjs';
import { connect, type Client } from '../../../src/client/client';
import type { ClientSession } from '../../../src/client/session/session';
import type { Cluster } from '../../../src/cluster/cluster';
import { memoryCluster } from '../../../src/cluster/memory-cluster';
import { accept, refuse, type SessionOpenRequest } from '../../../src/server/opening/policy';
import { createServer, type Server } from '../../../src/server/server';
import type { ServerSession } from '../../../src/server/session/session';
import { Listener, type ConnectEndpoint, type ListenEndpoint } from '../../../src/transport/endpoint';
import { tls } from '../../../src/transport/tls/tls';
import type { RevisionName } from '../../../src/wire/message';
import { makeLab, type Authority, type Issued, type Lab } from '../../support/certificates';
import { cuttable } from '../../support/cuttable';
import { until } from '../../support/until';

const tokenKey = 'a key that every node of this cluster has';
const reconnect = { minDelayMs: 10, maxDelayMs: 50 };

let lab: Lab;
let fleet: TlsFleet;

beforeAll(async () => {
  lab = await makeLab();
});

afterEach(() => fleet.end());

/** What a node shows to the others, and whose signatures it takes of them. */
interface LinkCertificates {
  readonly shown: Issued;
  readonly trusted: Authority;
}

/** A node, and what it has seen. */
class TlsNode {
  readonly server: Server;
  readonly asked: SessionOpenRequest[] = [];
  readonly sessions: ServerSession[] = [];
  readonly failures: string[] = [];
  /** Names of the peers that have connected to it as clients. */
  readonly peers: string[] = [];
  private readonly clients = tls({
    port: 0,
    ...lab.server,
    ca: lab.authority.cert,
    clientCertificates: 'request',
  });

  constructor(shared: ReturnType<typeof memoryCluster>, { shown, trusted }: LinkCertificates) {
    const link = { ...shown, ca: trusted.cert };
    const cluster: Cluster = {
      join: () => ({
        store: shared.join().store,
        endpoint: {
          listen: tls({ port: 0, ...link, clientCertificates: 'require' }),
          connect: (url) => tls({ port: Number(new URL(url).port), ...link }),
        },
      }),
    };
    this.server = createServer({
      listen: this.noting(this.clients),
      cluster,
      tokenKey,
      policy: (request) => {
        this.asked.push(request);
        const auth = Buffer.from(request.auth).toString();
        return auth === 'nobody' ? refuse('auth-failed') : accept({ auth, peer: request.peer });
      },
    });
    this.server.failures$.subscribe(({ message }) => this.failures.push(message));
    this.server.violations$.subscribe(({ error }) => this.failures.push(error.message));
    this.server.sessions$.subscribe((session) => {
      this.sessions.push(session);
      session.respond(({ text }) => parts(Number(text)));
    });
  }

  /** Where clients connect, as `shown`. */
  async endpoint(shown: Issued): Promise<ConnectEndpoint> {
    const [place] = await this.server.listening();
    return tls({ port: place!.port, ca: lab.authority.cert, ...shown });
  }

  private noting(endpoint: ListenEndpoint): ListenEndpoint {
    return {
      kind: endpoint.kind,
      listen: (options) =>
        new Listener(endpoint.kind, (sink) => {
          const inner = endpoint.listen(options);
          const bound = inner.address$.subscribe((address) => {
            sink.listening(address);
          });
          bound.add(
            inner.subscribe((transport) => {
              this.peers.push(transport.peer);
              sink.accept(transport);
            }),
          );
          return bound;
        }),
    };
  }
}

/** Nodes whose links go over TLS, both ends with a certificate, and a client that goes round them. */
class TlsFleet {
  readonly nodes: readonly TlsNode[];
  private readonly clients: Client[] = [];
  private turn = 0;
  private auth = 'a first word';
  readonly endpoint = cuttable({
    kind: 'tcp',
    url: 'tls://balancer',
    connect: () =>
      defer(() => from(this.nodes[this.turn++ % this.nodes.length]!.endpoint(lab.alice))).pipe(
        concatMap((endpoint) => endpoint.connect()),
      ),
  } satisfies ConnectEndpoint);

  constructor(...certificates: readonly LinkCertificates[]) {
    const shared = memoryCluster();
    this.nodes = certificates.map((each) => new TlsNode(shared, each));
  }

  async open(revision: RevisionName = 'preview4'): Promise<ClientSession> {
    const client = await connect(this.endpoint, { revision, auth: () => this.auth });
    this.clients.push(client);
    return client.openSession({ reconnect });
  }

  /** What its clients show from now on. */
  show(auth: string): void {
    this.auth = auth;
  }

  async end(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.close()));
    await Promise.all(this.nodes.map(({ server }) => server.close({ graceMs: 0 })));
  }
}

const parts = (count: number) =>
  from(Array.from({ length: count }, (_, index) => `${index} `)).pipe(
    concatMap((part) => of(part).pipe(delay(5))),
  );

const whole = (count: number) => Array.from({ length: count }, (_, index) => `${index} `).join('');

const answerOf = (session: ClientSession, body: string): Promise<string> =>
  lastValueFrom(session.submit({ body }).text$.pipe(reduce((text, part) => text + part, '')));

/** One that the others trust, as it trusts them. */
async function node(name: string): Promise<LinkCertificates> {
  return { shown: await lab.authority.issue({ name }), trusted: lab.authority };
}

describe.each(['preview3', 'preview4'] as const)('links over TLS, of a client of %s', (revision) => {
  it('carry it to the node that has its session, with its name, its certificate and its auth', async () => {
    fleet = new TlsFleet(await node('one'), await node('other'));
    const [owner, relay] = fleet.nodes as [TlsNode, TlsNode];
    const session = await fleet.open(revision);
    const answer = answerOf(session, '60');
    await until(() => owner.asked.length === 1, 'the session');
    fleet.show('a second word');
    fleet.endpoint.cut();

    expect(await answer).toBe(whole(60));
    expect(relay.server.connectionCount).toBe(1);
    expect([owner, relay].map(({ server }) => server.sessionCount)).toEqual([1, 0]);
    // It is the owner that judges the client, as if that had come to it.
    expect(relay.asked).toEqual([]);
    const [first, second] = owner.asked as [SessionOpenRequest, SessionOpenRequest];
    expect(second).toMatchObject({
      resumes: session.sessionId,
      peer: relay.peers.at(-1),
      transport: 'tcp',
      identity: first.identity,
    });
    expect(second.identity).toMatchObject({
      commonName: 'alice',
      issuer: 'CN=Lab CA',
      subjectAltNames: ['URI:spiffe://lab/alice'],
    });
    expect(Buffer.from(second.auth).toString()).toBe('a second word');
    const [served] = owner.sessions as [ServerSession];
    expect(served).toMatchObject({
      peer: relay.peers.at(-1),
      identity: first.identity,
      context: { auth: 'a second word', peer: relay.peers.at(-1) },
    });
    expect([...owner.failures, ...relay.failures]).toEqual([]);
  });
});

it('gives a client nothing that its owner’s policy refuses, until it shows something better', async () => {
  fleet = new TlsFleet(await node('one'), await node('other'));
  const [owner, relay] = fleet.nodes as [TlsNode, TlsNode];
  const session = await fleet.open();
  const answer = answerOf(session, '60');
  await until(() => owner.asked.length === 1, 'the session');
  fleet.show('nobody');
  fleet.endpoint.cut();
  await until(() => owner.asked.length === 3, 'a second refusal');
  const [served] = owner.sessions as [ServerSession];
  expect(served.context).toMatchObject({ auth: 'a first word' });
  expect(relay.peers).toContain(owner.asked[1]!.peer);

  fleet.show('a third word');
  expect(await answer).toBe(whole(60));
  expect(served.context).toMatchObject({ auth: 'a third word' });
  expect(relay.asked).toEqual([]);
  expect([...owner.failures, ...relay.failures]).toEqual([]);
});

describe('a node that another authority has signed', () => {
  /** A client of the first node has come to the second, whose link to it comes to nothing. */
  async function carriedByStranger(stranger: LinkCertificates): Promise<void> {
    fleet = new TlsFleet(await node('one'), stranger);
    const [owner] = fleet.nodes as [TlsNode];
    const session = await fleet.open();
    const answer = answerOf(session, '100');
    await until(() => owner.asked.length === 1, 'the session');
    fleet.endpoint.cut();
    // Told to come later, it comes to the owner in the end, and misses nothing.
    expect(await answer).toBe(whole(100));
  }

  it('is let in nowhere, as the node says that it wants to link to', async () => {
    await carriedByStranger({
      shown: await lab.stranger.issue({ name: 'stranger' }),
      trusted: lab.authority,
    });
    const [owner, stranger] = fleet.nodes as [TlsNode, TlsNode];
    expect(stranger.asked).toEqual([]);
    expect(stranger.sessions).toEqual([]);
    const refused = /^the TLS handshake with 127\.0\.0\.1:\d+ failed: .*its certificate was refused$/;
    for (const failure of owner.failures) expect(failure).toMatch(refused);
    expect(owner.failures).not.toEqual([]);
  });

  it('says once that it trusts nobody there, where that is how it is', async () => {
    await carriedByStranger({ shown: (await node('stranger')).shown, trusted: lab.stranger });
    const [owner, stranger] = fleet.nodes as [TlsNode, TlsNode];
    expect(stranger.failures).toEqual([
      expect.stringMatching(
        /^a link between nodes of the cluster failed: node .* lives, and is not reached: cannot connect to tls:\/\/127\.0\.0\.1:\d+: its certificate is signed by nobody that is trusted here; give the signer's as `ca`/,
      ),
    ]);
    expect(stranger.sessions).toEqual([]);
    expect(owner.sessions).toHaveLength(1);
  });
});
