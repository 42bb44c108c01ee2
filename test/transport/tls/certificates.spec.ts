import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { tls } from '../../../src/transport/tls/tls';
import { makeLab, type Issued, type Lab } from '../../support/certificates';
import { bytesOf } from '../../support/packets';
import { RawListener } from '../../support/raw-socket';
import { until } from '../../support/until';
import { closedLater, expectFault, leavesNothingOpen, numbered, Reception, Recording } from '../support';
import { attempt, listen, rawClient, type Options } from './support';

let lab: Lab;

beforeAll(async () => {
  lab = await makeLab();
});

leavesNothingOpen();

const serialOf = (socket: TLSSocket): string => socket.getPeerCertificate().serialNumber;

describe('tls', () => {
  describe('the certificate of a server', () => {
    const failureOf = async (port: number, options: Options): Promise<unknown> => {
      const { error, values } = await attempt(lab, port, options);
      expect(values).toEqual([]);
      expectFault(error, { kind: 'io', reach: 'connection', origin: 'local' });
      return (error as Error).message;
    };

    it('identifies it to its clients', async () => {
      const { port } = await listen(lab);
      const { values } = await attempt(lab, port);
      expect(values[0]?.identity).toEqual({
        subject: 'CN=server',
        commonName: 'server',
        issuer: 'CN=Lab CA',
        fingerprint: new X509Certificate(lab.server.cert).fingerprint256,
        subjectAltNames: ['DNS:localhost', 'IP Address:127.0.0.1', 'IP Address:0:0:0:0:0:0:0:1'],
      });
    });

    it('has to be signed by somebody trusted', async () => {
      const { port } = await listen(lab);
      const expected = `cannot connect to tls://127.0.0.1:${port}: its certificate is signed by nobody that is trusted here; give the signer's as \`ca\``;
      expect(await failureOf(port, { ca: lab.stranger.cert })).toBe(expected);
      const { error } = await new Recording(tls({ port }).connect()).over();
      expectFault(error, { message: expected });
    });

    it('has to be of the host, or of the name that is expected', async () => {
      const { port } = await listen(lab);
      for (const serverName of ['nnrp.example', '127.0.0.2']) {
        expect(await failureOf(port, { serverName })).toBe(
          `cannot connect to tls://127.0.0.1:${port}: its certificate is for other names; connect to one of them, or say which in \`serverName\``,
        );
      }
      for (const serverName of ['localhost', '127.0.0.1']) {
        expect((await attempt(lab, port, { serverName })).error).toBeUndefined();
      }
    });

    it('has to be within its time', async () => {
      const expired = await lab.authority.issue({ name: 'server', notAfter: new Date(Date.now() - 60_000) });
      const { port } = await listen(lab, expired);
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
      const { cert, key, passphrase } = await lab.authority.issue({
        name: 'server',
        passphrase: 'open sesame',
      });
      const { port } = await listen(lab, {
        cert: Buffer.from(cert),
        key: Buffer.from(key),
        passphrase: passphrase!,
      });
      expect((await attempt(lab, port, { ca: [Buffer.from(lab.authority.cert)] })).error).toBeUndefined();
    });
  });

  describe('what cannot be used', () => {
    const PASSPHRASE = 'open sesame';

    async function unusable(): Promise<readonly (readonly [Options, string])[]> {
      const encrypted = await lab.authority.issue({ name: 'server', passphrase: PASSPHRASE });
      const { cert, key } = encrypted;
      const unreadable =
        'the key cannot be read; it has to be PEM, the text and not the name of a file, and an encrypted one needs its passphrase';
      return [
        [
          { cert: 'nonsense', key: lab.server.key },
          'the certificate cannot be read; it has to be PEM, the text and not the name of a file',
        ],
        [{ cert: lab.server.cert, key: 'nonsense' }, unreadable],
        [{ cert: lab.server.cert, key: '' }, unreadable],
        [{ cert, key }, unreadable],
        [{ cert, key, passphrase: 'wrong' }, unreadable],
        [{ cert: lab.server.cert, key: lab.alice.key }, 'the key is not that of the certificate'],
      ];
    }

    it('has one clear error of listening', async () => {
      const more: readonly (readonly [Options, string])[] = [
        [{}, 'a server needs a certificate; give `cert` and `key`'],
        [{ cert: lab.server.cert }, 'a server needs a certificate; give `cert` and `key`'],
        [
          { ...lab.server, clientCertificates: 'require' },
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
        [{ cert: lab.server.cert }, 'a certificate and its key belong together; give `cert` and `key`'],
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
      const { endpoint, port } = await listen(lab);
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
        const secrets = [lab.server.key, lab.alice.key, String(options.key), PASSPHRASE, 'wrong'];
        for (const secret of secrets.filter((text) => text !== '' && text !== 'nonsense')) {
          expect(told).not.toContain(secret.split('\n')[1] ?? secret);
        }
      }
      const { socket, secured } = rawClient(lab, port);
      await secured();
      expect(serialOf(socket)).toBe(new X509Certificate(lab.server.cert).serialNumber);
    });
  });

  it('is the one that was given, also where its bytes are wiped from memory once the call has returned', async () => {
    const given = {
      ...{ cert: Buffer.from(lab.server.cert), key: Buffer.from(lab.server.key) },
      ca: [Buffer.from(lab.authority.cert)],
    };
    const wipe = (): void => {
      for (const bytes of [given.cert, given.key, ...given.ca]) bytes.fill(0);
    };
    const listening = tls({ port: 0, ...given, clientCertificates: 'require' });
    wipe();
    const reception = closedLater(new Reception(listening.listen()));
    const { port } = await reception.address();
    const connecting = tls({ port, ca: lab.authority.cert });
    const shown = { cert: Buffer.from(lab.alice.cert), key: Buffer.from(lab.alice.key) };
    connecting.replaceCertificate(shown);
    shown.cert.fill(0);
    shown.key.fill(0);
    const { accepted, connected } = await reception.link(connecting);
    closedLater(connected);
    expect(accepted.identity?.commonName).toBe('alice');
  });

  describe('replacing the certificate', () => {
    it('is seen by who connects next, and felt by nobody who is connected', async () => {
      const { endpoint, port, reception } = await listen(lab);
      const renewed = await lab.authority.issue({ name: 'renewed' });
      const before = rawClient(lab, port);
      await before.secured();
      const early = await reception.accept();
      endpoint.replaceCertificate(renewed);
      const after = rawClient(lab, port);
      await after.secured();
      await reception.accept();
      expect(serialOf(before.socket)).toBe(new X509Certificate(lab.server.cert).serialNumber);
      expect(serialOf(after.socket)).toBe(new X509Certificate(renewed.cert).serialNumber);
      // A session that could be resumed would show the one that it began with.
      const session = before.socket.getSession();
      const resuming = rawClient(lab, port, session === undefined ? {} : { session });
      await resuming.secured();
      expect(serialOf(resuming.socket)).toBe(new X509Certificate(renewed.cert).serialNumber);

      const read = new Recording(early.packets$);
      const parts: Buffer[] = [];
      before.socket.on('data', (part: Buffer) => parts.push(part));
      const sent = bytesOf(numbered(7));
      early.send(numbered(7));
      const got = (): Uint8Array => new Uint8Array(Buffer.concat(parts));
      await until(() => got().length >= sent.length, 'the packet');
      expect(got()).toEqual(sent);
      expect(read.isOver).toBe(false);
      expect(before.seen).toEqual({ secured: true, error: undefined, closed: false });
    });

    it('does not happen where it is none, or half of one', async () => {
      const { endpoint, port } = await listen(lab);
      const { cert, key } = lab.alice;
      const none: readonly unknown[] = [
        ...[undefined, null, 5, 'text', [], {}, { cert }, { key }],
        ...[
          { cert, key: 5 },
          { cert: undefined, key },
        ],
      ];
      for (const given of none) {
        expect(() => {
          endpoint.replaceCertificate(given as Issued);
        }).toThrow(TypeError);
      }
      const { socket, secured } = rawClient(lab, port);
      await secured();
      expect(serialOf(socket)).toBe(new X509Certificate(lab.server.cert).serialNumber);
    });

    it('is remembered by listeners to come, keeps what else was said, and holds for clients', async () => {
      const endpoint = tls({ port: 0, ...lab.server, ca: lab.authority.cert, clientCertificates: 'require' });
      endpoint.replaceCertificate(await lab.authority.issue({ name: 'renewed' }));
      const reception = closedLater(new Reception(endpoint.listen()));
      const { port } = await reception.address();
      const connecting = tls({ port, ca: lab.authority.cert });
      connecting.replaceCertificate(lab.alice);
      const { accepted, connected } = await reception.link(connecting);
      closedLater(connected);
      expect(connected.identity?.commonName).toBe('renewed');
      expect(accepted.identity?.commonName).toBe('alice');
      endpoint.replaceCertificate(await lab.authority.issue({ name: 'again' }));
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
      ca: lab.authority.cert,
      clientCertificates,
    });

    it('are not asked for by default', async () => {
      const { port, reception } = await listen(lab);
      const { accepted, connected } = await reception.link(
        tls({ port, ca: lab.authority.cert, ...lab.alice }),
      );
      closedLater(connected);
      expect(accepted.identity).toBeUndefined();
    });

    it.each(['request', 'require'] as const)('identify who shows one: %s', async (mode) => {
      const { port, reception } = await listen(lab, asking(mode));
      const { accepted, connected } = await reception.link(
        tls({ port, ca: lab.authority.cert, ...lab.alice }),
      );
      closedLater(connected);
      expect(accepted.identity).toEqual({
        subject: 'O=Lab,CN=alice',
        commonName: 'alice',
        issuer: 'CN=Lab CA',
        fingerprint: new X509Certificate(lab.alice.cert).fingerprint256,
        subjectAltNames: ['URI:spiffe://lab/alice'],
      });
    });

    it('identify nobody where they are requested, and none or a foreign one is shown', async () => {
      const { port, reception } = await listen(lab, asking('request'));
      const mallory = await lab.stranger.issue({ name: 'alice', uris: ['spiffe://lab/alice'] });
      const expired = await lab.authority.issue({ name: 'alice', notAfter: new Date(Date.now() - 60_000) });
      for (const shown of [{}, mallory, expired]) {
        const { accepted, connected } = await reception.link(tls({ port, ca: lab.authority.cert, ...shown }));
        closedLater(connected);
        expect(accepted.identity).toBeUndefined();
      }
    });

    it('are required: TLS 1.2 tells a client without one while it connects', async () => {
      const { port, reception, refused } = await listen(lab, asking('require'));
      const { seen, closed } = rawClient(lab, port, { maxVersion: 'TLSv1.2' });
      await closed();
      expect(seen.secured).toBe(false);
      expect(seen.error?.code).toContain('HANDSHAKE_FAILURE');
      expect(refused.map(({ message }) => message)).toEqual([
        expect.stringMatching(/failed: it shows no certificate, and one is required$/),
      ]);
      expect(reception.transports).toEqual([]);
    });

    it('are required: TLS 1.3 tells a client without one with the first that it reads', async () => {
      const { port, reception, refused } = await listen(lab, asking('require'));
      const { values } = await attempt(lab, port);
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
        const { port, reception, refused } = await listen(lab, asking('require'));
        const mallory = await lab.stranger.issue({ name: 'alice', uris: ['spiffe://lab/alice'] });
        const { closed } = rawClient(lab, port, { minVersion: version, maxVersion: version, ...mallory });
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
});

/** All that an error tells, of its causes as well. */
function everything(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return [error.message, error.stack, JSON.stringify(error), everything(error.cause)].join('\n');
}
