import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import * as nodeTls from 'node:tls';
import type { AddressInfo } from 'node:net';
import type { RuntimeError } from '../../src/protocol/runtime-error';
import type { Transport } from '../../src/transport/transport';
import { tls, type TlsOptions } from '../../src/transport/tls';
import { Authority, type Issued } from '../support/certificates';
import { RawListener, RawSocket } from '../support/raw-socket';
import { pause, until } from '../support/until';
import { describeConnecting } from './connecting';
import { FakeGate } from './fake-gate';
import { describeGate } from './gate-contract';
import {
  closedLater,
  expectFault,
  frameIds,
  leavesNothingOpen,
  numbered,
  Reception,
  Recording,
} from './support';
import { describeTransport } from './transport-contract';

let authority: Authority;
let stranger: Authority;
let server: Issued;
let alice: Issued;

beforeAll(async () => {
  [authority, stranger] = await Promise.all([Authority.make('Lab CA'), Authority.make('Other CA')]);
  server = await authority.issue({ name: 'server' });
  alice = await authority.issue({ name: 'alice', organisation: 'Lab', uris: ['spiffe://lab/alice'] });
});

leavesNothingOpen();

type Options = Omit<TlsOptions, 'port'>;

/** A listener, what it has accepted, and what it has refused. */
async function listen(options: Options = {}, gate?: FakeGate) {
  const endpoint = tls({ port: 0, ...server, ...options });
  const refused: RuntimeError[] = [];
  const listener = endpoint.listen({ gate, refused: (error) => refused.push(error) });
  const reception = closedLater(new Reception(listener));
  return { endpoint, reception, refused, port: (await reception.address()).port };
}

async function attempt(port: number, options: Options = {}): Promise<Recording<Transport>> {
  const recording = new Recording(tls({ port, ca: authority.cert, ...options }).connect());
  await recording.over();
  for (const transport of recording.values) closedLater(transport);
  return recording;
}

/** A TLS client with nothing of this library on it, and all that it sees. */
function rawClient(port: number, options: nodeTls.ConnectionOptions = {}) {
  const socket = nodeTls.connect({
    port,
    host: '127.0.0.1',
    ca: authority.cert,
    ALPNProtocols: ['nnrp/1'],
    ...options,
  });
  const seen = { secured: false, error: undefined as (Error & { code?: string }) | undefined, closed: false };
  socket.on('secureConnect', () => (seen.secured = true));
  socket.on('error', (error: Error) => {
    seen.error = error;
  });
  socket.on('close', () => (seen.closed = true));
  closedLater(socket.resume());
  return {
    socket,
    seen,
    closed: () => until(() => seen.closed, 'the end of the connection'),
    secured: () => until(() => seen.secured, 'a TLS connection'),
  };
}

const serialOf = (socket: nodeTls.TLSSocket): string => socket.getPeerCertificate().serialNumber;

describe('a TLS transport', () => {
  describeTransport({
    heardOfDestroy: 'end',
    async connect(given = {}) {
      const options = { closeTimeoutMs: 500, ...given };
      const { reception, port } = await listen(options);
      const link = await reception.link(tls({ port, ca: authority.cert, ...options }));
      closedLater(link.connected);
      return link;
    },
  });

  it('is TCP to the protocol', async () => {
    const { reception, port } = await listen();
    const { accepted, connected } = await reception.link(tls({ port, ca: authority.cert }));
    closedLater(connected);
    expect([accepted.kind, connected.kind]).toEqual(['tcp', 'tcp']);
    expect(connected.peer).toBe(`127.0.0.1:${port}`);
  });
});

describe('tls', () => {
  describeConnecting({
    endpoint: (place) => tls({ ...server, ca: authority.cert, ...place }),
    target: (place) => `tls://${place}`,
    url: (place) => `tls://${place}`,
  });

  describe('a gate', () => {
    describeGate(() => ({
      listening: tls({ port: 0, ...server }),
      connecting: ({ port }) => tls({ port, ca: authority.cert }),
    }));

    it('is told at the accept, before the handshake, and can cut there', async () => {
      const gate = new FakeGate();
      const { port, reception } = await listen({}, gate);
      const silent = closedLater(await RawSocket.connect(port));
      await until(() => gate.tickets.length === 1, 'the ticket');
      gate.tickets[0]!.cut();
      await silent.ended();
      await until(() => gate.leaves[0] === 1, 'the leave');
      expect(reception.transports).toEqual([]);
    });
  });

  describe('the version', () => {
    const OLD: nodeTls.SecureContextOptions = {
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    };

    it('1.1 is refused by a server, although the client can speak it', async () => {
      const control = nodeTls.createServer({ ...server, ...OLD, ALPNProtocols: ['nnrp/1'] });
      closedLater(control.listen(0, '127.0.0.1'));
      await once(control, 'listening');
      const accepted = rawClient((control.address() as AddressInfo).port, OLD);
      await accepted.secured();
      expect(accepted.socket.getProtocol()).toBe('TLSv1.1');

      const { port, reception, refused } = await listen();
      const { seen, closed } = rawClient(port, OLD);
      await closed();
      expect(seen.secured).toBe(false);
      expect(seen.error?.code).toContain('PROTOCOL_VERSION');
      expect(reception.transports).toEqual([]);
      expectFault(refused[0], { kind: 'io', reach: 'connection', origin: 'peer' });
      expect(refused[0]?.message).toMatch(
        /^the TLS handshake with 127\.0\.0\.1:\d+ failed: there is no TLS version that both sides allow; 1\.2 is/,
      );
    });

    it('1.1 is refused by a client', async () => {
      const old = nodeTls.createServer({ ...server, ...OLD, ALPNProtocols: ['nnrp/1'] });
      old.on('tlsClientError', (_, socket) => socket.destroy());
      closedLater(old.listen(0, '127.0.0.1'));
      await once(old, 'listening');
      const { port } = old.address() as AddressInfo;
      const { error, values } = await attempt(port);
      expect(values).toEqual([]);
      expectFault(error, {
        kind: 'io',
        reach: 'connection',
        origin: 'local',
        message: `cannot connect to tls://127.0.0.1:${port}: there is no TLS version that both sides allow; 1.2 is the least here`,
      });
    });

    it.each(['TLSv1.2', 'TLSv1.3'] as const)('%s is spoken', async (version) => {
      const { port, reception } = await listen();
      const { socket, secured } = rawClient(port, { minVersion: version, maxVersion: version });
      await secured();
      expect(socket.getProtocol()).toBe(version);
      await reception.accept();
    });

    it('1.2 is refused where 1.3 is the least', async () => {
      const { port } = await listen({ minVersion: 'TLSv1.3' });
      const { seen, closed } = rawClient(port, { maxVersion: 'TLSv1.2' });
      await closed();
      expect(seen.secured).toBe(false);
    });
  });

  describe('the protocol', () => {
    it('is told to both ends', async () => {
      const { port, reception } = await listen();
      const { socket, secured } = rawClient(port, { ALPNProtocols: ['h2', 'nnrp/1'] });
      await secured();
      expect(socket.alpnProtocol).toBe('nnrp/1');
      await reception.accept();
    });

    it('is required of a client, which is told by an alert', async () => {
      const { port, reception, refused } = await listen();
      const { seen, closed } = rawClient(port, { ALPNProtocols: ['h2', 'http/1.1'] });
      await closed();
      expect(seen.error?.code).toContain('NO_APPLICATION_PROTOCOL');
      await until(() => refused.length > 0, 'the refusal');
      expect(refused.map(({ message }) => message)).toEqual([
        expect.stringMatching(
          /^the TLS handshake with 127\.0\.0\.1:\d+ failed: it does not agree on the protocol nnrp\/1; is it an NNRP peer\?$/,
        ),
      ]);
      expect(reception.transports).toEqual([]);
    });

    it('is required also of a client that offers none', async () => {
      const { port, reception, refused } = await listen();
      const { closed } = rawClient(port, { ALPNProtocols: [] });
      await closed();
      expect(refused).toHaveLength(1);
      expect(refused[0]?.message).toContain('nnrp/1');
      expect(reception.transports).toEqual([]);
    });

    it.each([
      ['another', ['h2']],
      ['none', undefined],
    ])('is required of a server, which has %s', async (_, ALPNProtocols) => {
      const other = nodeTls.createServer({ ...server, ...(ALPNProtocols && { ALPNProtocols }) });
      other.on('secureConnection', (socket) => socket.on('error', () => undefined).resume());
      other.on('tlsClientError', (__, socket) => socket.destroy());
      closedLater(other.listen(0, '127.0.0.1'));
      await once(other, 'listening');
      const { port } = other.address() as AddressInfo;
      const { error, values } = await attempt(port);
      expect(values).toEqual([]);
      expectFault(error, {
        kind: 'io',
        reach: 'connection',
        origin: 'local',
        message: `cannot connect to tls://127.0.0.1:${port}: it does not agree on the protocol nnrp/1; is it an NNRP peer?`,
      });
    });
  });

  describe('the certificate of a server', () => {
    const failureOf = async (port: number, options: Options): Promise<unknown> => {
      const { error, values } = await attempt(port, options);
      expect(values).toEqual([]);
      expectFault(error, { kind: 'io', reach: 'connection', origin: 'local' });
      return (error as Error).message;
    };

    it('identifies it to its clients', async () => {
      const { port } = await listen();
      const { values } = await attempt(port);
      expect(values[0]?.identity).toEqual({
        subject: 'CN=server',
        commonName: 'server',
        issuer: 'CN=Lab CA',
        fingerprint: new X509Certificate(server.cert).fingerprint256,
        subjectAltNames: ['DNS:localhost', 'IP Address:127.0.0.1', 'IP Address:0:0:0:0:0:0:0:1'],
      });
    });

    it('has to be signed by somebody trusted', async () => {
      const { port } = await listen();
      const expected = `cannot connect to tls://127.0.0.1:${port}: its certificate is signed by nobody that is trusted here; give the signer's as \`ca\``;
      expect(await failureOf(port, { ca: stranger.cert })).toBe(expected);
      const { error } = await new Recording(tls({ port }).connect()).over();
      expectFault(error, { message: expected });
    });

    it('has to be of the host, or of the name that is expected', async () => {
      const { port } = await listen();
      for (const serverName of ['nnrp.example', '127.0.0.2']) {
        expect(await failureOf(port, { serverName })).toBe(
          `cannot connect to tls://127.0.0.1:${port}: its certificate is for other names; connect to one of them, or say which in \`serverName\``,
        );
      }
      for (const serverName of ['localhost', '127.0.0.1']) {
        expect((await attempt(port, { serverName })).error).toBeUndefined();
      }
    });

    it('has to be within its time', async () => {
      const expired = await authority.issue({ name: 'server', notAfter: new Date(Date.now() - 60_000) });
      const { port } = await listen(expired);
      expect(await failureOf(port, {})).toBe(
        `cannot connect to tls://127.0.0.1:${port}: its certificate has expired, and has to be renewed there`,
      );
    });

    it('is missed where there is no TLS', async () => {
      const listener = closedLater(await RawListener.listen());
      const failure = failureOf(listener.port, {});
      (await listener.accept()).read().write(Buffer.from('220 mail\r\n'));
      expect(await failure).toBe(`cannot connect to tls://127.0.0.1:${listener.port}: it does not speak TLS`);
    });

    it('may have a key that is encrypted, and be bytes', async () => {
      const { cert, key, passphrase } = await authority.issue({ name: 'server', passphrase: 'open sesame' });
      const { port } = await listen({
        cert: Buffer.from(cert),
        key: Buffer.from(key),
        passphrase: passphrase!,
      });
      expect((await attempt(port, { ca: [Buffer.from(authority.cert)] })).error).toBeUndefined();
    });
  });

  describe('what cannot be used', () => {
    const PASSPHRASE = 'open sesame';

    async function unusable(): Promise<readonly (readonly [Options, string])[]> {
      const encrypted = await authority.issue({ name: 'server', passphrase: PASSPHRASE });
      const { cert, key } = encrypted;
      const unreadable =
        'the key cannot be read; it has to be PEM, and an encrypted one needs its passphrase';
      return [
        [{ cert: 'nonsense', key: server.key }, 'the certificate cannot be read; it has to be PEM'],
        [{ cert: server.cert, key: 'nonsense' }, unreadable],
        [{ cert: server.cert, key: '' }, unreadable],
        [{ cert, key }, unreadable],
        [{ cert, key, passphrase: 'wrong' }, unreadable],
        [{ cert: server.cert, key: alice.key }, 'the key is not that of the certificate'],
      ];
    }

    it('has one clear error of listening', async () => {
      const more: readonly (readonly [Options, string])[] = [
        [{}, 'a server needs a certificate; give `cert` and `key`'],
        [{ cert: server.cert }, 'a server needs a certificate; give `cert` and `key`'],
        [
          { ...server, clientCertificates: 'require' },
          'client certificates can only be verified against who issues them; give `ca`',
        ],
      ];
      for (const [options, fault] of [...(await unusable()), ...more]) {
        const listener = tls({ port: 4433, ...options }).listen();
        const address = new Recording(listener.address$);
        const { error } = await new Recording(listener).over();
        expectFault(error, {
          kind: 'io',
          reach: 'server',
          origin: 'local',
          message: `cannot listen on 127.0.0.1:4433: ${fault}`,
        });
        expect((await address.over()).error).toBe(error);
      }
    });

    it('has one clear error of connecting', async () => {
      const more: readonly (readonly [Options, string])[] = [
        [{ cert: server.cert }, 'a certificate and its key belong together; give `cert` and `key`'],
      ];
      for (const [options, fault] of [...(await unusable()), ...more]) {
        const { error } = await new Recording(tls({ port: 1, ...options }).connect()).over();
        expectFault(error, {
          kind: 'io',
          reach: 'connection',
          message: `cannot connect to tls://127.0.0.1:1: ${fault}`,
        });
      }
    });

    it('is refused where it is to replace what is there, which stays; nothing tells of a key', async () => {
      const { endpoint, port } = await listen();
      for (const [options, fault] of await unusable()) {
        let error: unknown;
        try {
          endpoint.replaceCertificate(options as Issued);
        } catch (thrown) {
          error = thrown;
        }
        expectFault(error, {
          kind: 'io',
          reach: 'server',
          origin: 'application',
          message: `cannot replace the certificate of tls://127.0.0.1:0: ${fault}; the one before stays`,
        });
        const told = everything(error);
        expect(told).toContain(fault);
        const secrets = [server.key, alice.key, String(options.key), PASSPHRASE, 'wrong'];
        for (const secret of secrets.filter((text) => text !== '' && text !== 'nonsense')) {
          expect(told).not.toContain(secret.split('\n')[1] ?? secret);
        }
      }
      const { socket, secured } = rawClient(port);
      await secured();
      expect(serialOf(socket)).toBe(new X509Certificate(server.cert).serialNumber);
    });
  });

  describe('replacing the certificate', () => {
    it('is seen by who connects next, and felt by nobody who is connected', async () => {
      const { endpoint, port, reception } = await listen();
      const renewed = await authority.issue({ name: 'renewed' });
      const before = rawClient(port);
      await before.secured();
      const early = await reception.accept();
      endpoint.replaceCertificate(renewed);
      const after = rawClient(port);
      await after.secured();
      await reception.accept();
      expect(serialOf(before.socket)).toBe(new X509Certificate(server.cert).serialNumber);
      expect(serialOf(after.socket)).toBe(new X509Certificate(renewed.cert).serialNumber);
      // A session that could be resumed would show the one that it began with.
      const session = before.socket.getSession();
      const resuming = rawClient(port, session === undefined ? {} : { session });
      await resuming.secured();
      expect(serialOf(resuming.socket)).toBe(new X509Certificate(renewed.cert).serialNumber);

      const read = new Recording(early.packets$);
      early.send(numbered(7));
      await pause(10);
      expect(read.isOver).toBe(false);
      expect(before.seen).toEqual({ secured: true, error: undefined, closed: false });
      expect(before.socket.bytesRead).toBeGreaterThan(0);
    });

    it('is remembered by listeners to come, keeps what else was said, and holds for clients', async () => {
      const endpoint = tls({ port: 0, ...server, ca: authority.cert, clientCertificates: 'require' });
      endpoint.replaceCertificate(await authority.issue({ name: 'renewed' }));
      const reception = closedLater(new Reception(endpoint.listen()));
      const { port } = await reception.address();
      const connecting = tls({ port, ca: authority.cert });
      connecting.replaceCertificate(alice);
      const { accepted, connected } = await reception.link(connecting);
      closedLater(connected);
      expect(connected.identity?.commonName).toBe('renewed');
      expect(accepted.identity?.commonName).toBe('alice');
      endpoint.replaceCertificate(await authority.issue({ name: 'again' }));
      const next = await reception.link(connecting);
      closedLater(next.connected);
      expect([next.connected.identity?.commonName, next.accepted.identity?.commonName]).toEqual([
        'again',
        'alice',
      ]);
    });
  });

  describe('client certificates', () => {
    const asking = (clientCertificates: 'request' | 'require'): Options => ({
      ca: authority.cert,
      clientCertificates,
    });

    it('are not asked for by default', async () => {
      const { port, reception } = await listen();
      const { accepted, connected } = await reception.link(tls({ port, ca: authority.cert, ...alice }));
      closedLater(connected);
      expect(accepted.identity).toBeUndefined();
    });

    it.each(['request', 'require'] as const)('identify who shows one, where they are %sd', async (mode) => {
      const { port, reception } = await listen(asking(mode));
      const { accepted, connected } = await reception.link(tls({ port, ca: authority.cert, ...alice }));
      closedLater(connected);
      expect(accepted.identity).toEqual({
        subject: 'O=Lab,CN=alice',
        commonName: 'alice',
        issuer: 'CN=Lab CA',
        fingerprint: new X509Certificate(alice.cert).fingerprint256,
        subjectAltNames: ['URI:spiffe://lab/alice'],
      });
    });

    it('identify nobody where they are requested, and none or a foreign one is shown', async () => {
      const { port, reception } = await listen(asking('request'));
      const mallory = await stranger.issue({ name: 'alice', uris: ['spiffe://lab/alice'] });
      const expired = await authority.issue({ name: 'alice', notAfter: new Date(Date.now() - 60_000) });
      for (const shown of [{}, mallory, expired]) {
        const { accepted, connected } = await reception.link(tls({ port, ca: authority.cert, ...shown }));
        closedLater(connected);
        expect(accepted.identity).toBeUndefined();
      }
    });

    it('are required: TLS 1.2 tells a client without one while it connects', async () => {
      const { port, reception, refused } = await listen(asking('require'));
      const { seen, closed } = rawClient(port, { maxVersion: 'TLSv1.2' });
      await closed();
      expect(seen.secured).toBe(false);
      expect(seen.error?.code).toContain('HANDSHAKE_FAILURE');
      expect(refused.map(({ message }) => message)).toEqual([
        expect.stringMatching(/failed: it shows no certificate, and one is required$/),
      ]);
      expect(reception.transports).toEqual([]);
    });

    it('are required: TLS 1.3 tells a client without one with the first that it reads', async () => {
      const { port, reception, refused } = await listen(asking('require'));
      const { values } = await attempt(port);
      const { error } = await new Recording(values[0]!.packets$).over();
      expectFault(error, {
        kind: 'io',
        reach: 'connection',
        origin: 'peer',
        message: `the connection to 127.0.0.1:${port} failed: it requires a client certificate; give \`cert\` and \`key\``,
      });
      expect(refused).toHaveLength(1);
      expect(reception.transports).toEqual([]);
    });

    it.each(['TLSv1.2', 'TLSv1.3'] as const)(
      'are required: a foreign one is refused, %s',
      async (version) => {
        const { port, reception, refused } = await listen(asking('require'));
        const mallory = await stranger.issue({ name: 'alice', uris: ['spiffe://lab/alice'] });
        const { closed } = rawClient(port, { minVersion: version, maxVersion: version, ...mallory });
        await closed();
        await until(() => refused.length > 0, 'the refusal');
        expect(refused.map(({ message }) => message)).toEqual([
          expect.stringMatching(
            /^the TLS handshake with 127\.0\.0\.1:\d+ failed: the connection ended before it was finished, or its certificate was refused$/,
          ),
        ]);
        expect(reception.transports).toEqual([]);
      },
    );
  });

  describe('the handshake', () => {
    it('is cut where it takes too long, from the accept on', async () => {
      const { port, reception, refused } = await listen({ handshakeTimeoutMs: 150 });
      const begun = Date.now();
      const silent = closedLater(await RawSocket.connect(port));
      const slow = closedLater(await RawSocket.connect(port));
      // The first bytes of a ClientHello, then one more now and again.
      slow.write(Uint8Array.of(22, 3, 1, 2, 0, 1));
      const drip = setInterval(() => slow.write(Uint8Array.of(0)), 40);
      await Promise.all([silent.ended(), slow.ended()]);
      clearInterval(drip);
      expect(Date.now() - begun).toBeGreaterThanOrEqual(145);
      expect(refused.map(({ message }) => message)).toEqual(
        Array(2).fill(
          expect.stringMatching(/^the TLS handshake with 127\.0\.0\.1:\d+ was not finished within 150 ms$/),
        ),
      );
      expect(reception.transports).toEqual([]);
    });

    it('leaves who is through in peace', async () => {
      const { port, reception } = await listen({ handshakeTimeoutMs: 150 });
      const { connected, accepted } = await reception.link(tls({ port, ca: authority.cert }));
      closedLater(connected);
      await pause(250);
      const read = new Recording(accepted.packets$);
      connected.send(numbered(1));
      expect(frameIds(await read.count(1))).toEqual([1]);
    });

    it('is cut when the listener stops; who is through lives on', async () => {
      const { port, reception, refused } = await listen();
      const { connected, accepted } = await reception.link(tls({ port, ca: authority.cert }));
      closedLater(connected);
      const silent = closedLater(await RawSocket.connect(port));
      await pause(20);
      reception.subscription.unsubscribe();
      await silent.ended();
      expect(refused).toEqual([]);
      const read = new Recording(accepted.packets$);
      connected.send(numbered(1));
      expect(frameIds(await read.count(1))).toEqual([1]);
    });

    it('may be noise, a reset, or an end: the listener goes on', async () => {
      const { port, reception, refused } = await listen();
      const noise = [Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.alloc(1000, 7), new Uint8Array(0)];
      for (const bytes of noise) (await RawSocket.connect(port)).finish(bytes);
      for (const bytes of noise) {
        const raw = await RawSocket.connect(port);
        raw.write(bytes).reset();
      }
      await until(() => refused.length >= 6, 'the refusals');
      expect(refused.some(({ message }) => message.endsWith('it speaks HTTP without TLS'))).toBe(true);
      const { connected } = await reception.link(tls({ port, ca: authority.cert }));
      closedLater(connected);
    });
  });
});

/** All that an error tells, of its causes as well. */
function everything(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return [error.message, error.stack, JSON.stringify(error), everything(error.cause)].join('\n');
}
