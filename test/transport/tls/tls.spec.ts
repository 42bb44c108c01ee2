import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import * as nodeTls from 'node:tls';
import { tls } from '../../../src/transport/tls/tls';
import { encodePacket } from '../../../src/wire/encode-packet';
import { makeLab, type Lab } from '../../support/certificates';
import { RawSocket } from '../../support/raw-socket';
import { pause, until } from '../../support/until';
import { describeConnecting } from '../connecting';
import { FakeGate } from '../fake-gate';
import { describeGate } from '../gate-contract';
import { closedLater, expectFault, frameIds, leavesNothingOpen, numbered, Recording } from '../support';
import { attempt, listen, rawClient } from './support';
import { describeTransport } from '../transport-contract';

let lab: Lab;

beforeAll(async () => {
  lab = await makeLab();
});

leavesNothingOpen();

describe('a TLS transport', () => {
  describeTransport({
    heardOfDestroy: 'end',
    async connect(given = {}) {
      const options = { closeTimeoutMs: 500, ...given };
      const { reception, port } = await listen(lab, options);
      const link = await reception.link(tls({ port, ca: lab.authority.cert, ...options }));
      closedLater(link.connected);
      return link;
    },
  });

  it('is TCP to the protocol', async () => {
    const { reception, port } = await listen(lab);
    const { accepted, connected } = await reception.link(tls({ port, ca: lab.authority.cert }));
    closedLater(connected);
    expect([accepted.kind, connected.kind]).toEqual(['tcp', 'tcp']);
    expect(connected.peer).toBe(`127.0.0.1:${port}`);
  });
});

describe('tls', () => {
  describeConnecting({
    endpoint: (place) => tls({ ...lab.server, ca: lab.authority.cert, ...place }),
    target: (place) => `tls://${place}`,
    url: (place) => `tls://${place}`,
  });

  describe('a gate', () => {
    describeGate(() => ({
      listening: tls({ port: 0, ...lab.server }),
      connecting: ({ port }) => tls({ port, ca: lab.authority.cert }),
    }));

    it('is told at the accept, before the handshake, and can cut there', async () => {
      const gate = new FakeGate();
      const { port, reception } = await listen(lab, {}, gate);
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
      const control = nodeTls.createServer({ ...lab.server, ...OLD, ALPNProtocols: ['nnrp/1'] });
      closedLater(control.listen(0, '127.0.0.1'));
      await once(control, 'listening');
      const accepted = rawClient(lab, (control.address() as AddressInfo).port, OLD);
      await accepted.secured();
      expect(accepted.socket.getProtocol()).toBe('TLSv1.1');

      const { port, reception, refused } = await listen(lab);
      const { seen, closed } = rawClient(lab, port, OLD);
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
      const old = nodeTls.createServer({ ...lab.server, ...OLD, ALPNProtocols: ['nnrp/1'] });
      old.on('tlsClientError', (_, socket) => socket.destroy());
      closedLater(old.listen(0, '127.0.0.1'));
      await once(old, 'listening');
      const { port } = old.address() as AddressInfo;
      const { error, values } = await attempt(lab, port);
      expect(values).toEqual([]);
      expectFault(error, {
        kind: 'io',
        reach: 'connection',
        origin: 'local',
        message: `cannot connect to tls://127.0.0.1:${port}: there is no TLS version that both sides allow; 1.2 is the least here`,
      });
    });

    it.each(['TLSv1.2', 'TLSv1.3'] as const)('%s is spoken', async (version) => {
      const { port, reception } = await listen(lab);
      const { socket, secured } = rawClient(lab, port, { minVersion: version, maxVersion: version });
      await secured();
      expect(socket.getProtocol()).toBe(version);
      await reception.accept();
    });

    it('1.2 is refused where 1.3 is the least', async () => {
      const { port } = await listen(lab, { minVersion: 'TLSv1.3' });
      const { seen, closed } = rawClient(lab, port, { maxVersion: 'TLSv1.2' });
      await closed();
      expect(seen.secured).toBe(false);
    });
  });

  describe('the protocol', () => {
    it('is told to both ends', async () => {
      const { port, reception } = await listen(lab);
      const { socket, secured } = rawClient(lab, port, { ALPNProtocols: ['h2', 'nnrp/1'] });
      await secured();
      expect(socket.alpnProtocol).toBe('nnrp/1');
      await reception.accept();
    });

    it('is required of a client, which is told by an alert', async () => {
      const { port, reception, refused } = await listen(lab);
      const { seen, closed } = rawClient(lab, port, { ALPNProtocols: ['h2', 'http/1.1'] });
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

    it.each([[{}], [{ alpn: 'prefer' }]] as const)('need not be said by a client: %j', async (options) => {
      const { port, reception, refused } = await listen(lab, options);
      const { socket, secured } = rawClient(lab, port, { ALPNProtocols: [] });
      await secured();
      const read = new Recording((await reception.accept()).packets$);
      socket.write(encodePacket(numbered(1)));
      expect(frameIds(await read.count(1))).toEqual([1]);
      expect(refused).toEqual([]);
    });

    it('has to be said by a client where that is required', async () => {
      const { port, reception, refused } = await listen(lab, { alpn: 'require' });
      const { closed } = rawClient(lab, port, { ALPNProtocols: [] });
      await closed();
      expect(refused).toHaveLength(1);
      expect(refused[0]?.message).toContain('nnrp/1');
      expect(reception.transports).toEqual([]);
      const { connected } = await reception.link(tls({ port, ca: lab.authority.cert, alpn: 'require' }));
      closedLater(connected);
    });

    /** A TLS server with nothing of this library on it. */
    async function otherServer(options: nodeTls.TlsOptions): Promise<number> {
      const other = nodeTls.createServer({ ...lab.server, ...options });
      other.on('secureConnection', (socket) => socket.on('error', () => undefined).resume());
      other.on('tlsClientError', (_, socket) => socket.destroy());
      closedLater(other.listen(0, '127.0.0.1'));
      await once(other, 'listening');
      return (other.address() as AddressInfo).port;
    }

    it.each([[{}], [{ alpn: 'prefer' }]] as const)('need not be said by a server: %j', async (options) => {
      const { error, values } = await attempt(lab, await otherServer({}), options);
      expect(error).toBeUndefined();
      expect(values).toHaveLength(1);
    });

    it.each<[string, nodeTls.TlsOptions, 'prefer' | 'require']>([
      ['another', { ALPNProtocols: ['h2'] }, 'prefer'],
      ['another', { ALPNProtocols: ['h2'] }, 'require'],
      ['none', {}, 'require'],
    ])('is not agreed on with a server that has %s: %o, %s', async (_, theirs, alpn) => {
      const port = await otherServer(theirs);
      const { error, values } = await attempt(lab, port, { alpn });
      expect(values).toEqual([]);
      expectFault(error, {
        kind: 'io',
        reach: 'connection',
        origin: 'local',
        message: `cannot connect to tls://127.0.0.1:${port}: it does not agree on the protocol nnrp/1; is it an NNRP peer?`,
      });
    });
  });

  describe('the handshake', () => {
    it('is cut where it takes too long, from the accept on', async () => {
      const { port, reception, refused } = await listen(lab, { handshakeTimeoutMs: 150 });
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
      const { port, reception } = await listen(lab, { handshakeTimeoutMs: 150 });
      const { connected, accepted } = await reception.link(tls({ port, ca: lab.authority.cert }));
      closedLater(connected);
      await pause(250);
      const read = new Recording(accepted.packets$);
      connected.send(numbered(1));
      expect(frameIds(await read.count(1))).toEqual([1]);
    });

    it('is cut when the listener stops; who is through lives on', async () => {
      const { port, reception, refused } = await listen(lab);
      const { connected, accepted } = await reception.link(tls({ port, ca: lab.authority.cert }));
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
      const { port, reception, refused } = await listen(lab);
      const noise = [Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.alloc(1000, 7), new Uint8Array(0)];
      for (const bytes of noise) (await RawSocket.connect(port)).finish(bytes);
      for (const bytes of noise) {
        const raw = await RawSocket.connect(port);
        raw.write(bytes).reset();
      }
      await until(() => refused.length >= 6, 'the refusals');
      expect(refused.some(({ message }) => message.endsWith('it speaks HTTP without TLS'))).toBe(true);
      const { connected } = await reception.link(tls({ port, ca: lab.authority.cert }));
      closedLater(connected);
    });
  });
});
