import { webSocket } from '../../../src/transport/web-socket/web-socket';
import { makeLab, type Authority, type Issued } from '../../support/certificates';
import { RawSocket } from '../../support/raw-socket';
import { until } from '../../support/until';
import { FakeGate } from '../fake-gate';
import { describeGate } from '../gate-contract';
import { closedLater, expectFault, frameIds, leavesNothingOpen, numbered, Recording } from '../support';
import { handshake } from './web-socket-peer';
import { listen, type Options } from './support';

let authority: Authority;
let server: Issued;

beforeAll(async () => {
  ({ authority, server } = await makeLab());
});

leavesNothingOpen();

const secureTo = (port: number, options: Options = {}) =>
  webSocket({ port, tls: { ca: authority.cert }, ...options });

/** A handshake that is refused: what HTTP says. */
async function refusal(port: number, headers: Record<string, string> = {}): Promise<string> {
  const { raw, answer } = await handshake(port, headers);
  await raw.ended();
  raw.destroy();
  return answer.split('\r\n')[0]!;
}

describe('a WebSocket listener', () => {
  describe('a gate', () => {
    describeGate(() => ({
      listening: webSocket({ port: 0 }),
      connecting: ({ port }) => webSocket({ port }),
    }));

    it('is told before the upgrade, and can cut there', async () => {
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

  describe('a gate, over TLS', () => {
    describeGate(() => ({
      listening: webSocket({ port: 0, tls: server }),
      connecting: ({ port }) => secureTo(port),
    }));
  });

  it('refuses web pages of other origins with 403, and tells', async () => {
    const { port, reception, refused } = await listen({ origins: ['https://app.example'] });
    expect(await refusal(port, { Origin: 'https://evil.example' })).toBe('HTTP/1.1 403 Forbidden');
    expect(refused.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^the WebSocket handshake with 127\.0\.0\.1:\d+ failed: it was answered 403: web pages of this origin may not connect$/,
      ),
    ]);
    expectFault(refused[0], { kind: 'io', reach: 'connection', origin: 'peer' });
    expect(reception.transports).toEqual([]);
    const { raw, answer } = await handshake(port, { Origin: 'https://app.example' });
    expect(answer).toMatch(/^HTTP\/1.1 101 /);
    raw.destroy();
    closedLater((await reception.link(webSocket({ port }))).connected);
  });

  it('refuses more headers than are allowed with 431, and takes as many as are', async () => {
    const { port, reception } = await listen();
    const { raw } = await handshake(port, { 'X-Long': 'x'.repeat(60_000) });
    await reception.accept();
    raw.destroy();
    expect(await refusal(port, { 'X-Long': 'x'.repeat(66_000) })).toBe(
      'HTTP/1.1 431 Request Header Fields Too Large',
    );
    const narrow = await listen({ maxHeaderBytes: 1_000 });
    expect(await refusal(narrow.port, { 'X-Long': 'x'.repeat(1_000) })).toMatch(/^HTTP\/1.1 431 /);
    closedLater((await narrow.reception.link(webSocket({ port: narrow.port }))).connected);
  });

  it.each([
    ['another method', 'POST / HTTP/1.1', /^HTTP\/1.1 405 /],
    ['a path that is none', 'GET http://[ HTTP/1.1', /^HTTP\/1.1 40[04] /],
    ['a path of odd characters', 'GET /%00%zz HTTP/1.1', /^HTTP\/1.1 404 /],
    ['no path', 'GET * HTTP/1.1', /^HTTP\/1.1 40[04] /],
  ])('answers %s as HTTP does, and goes on', async (_, line, expected) => {
    const { port, reception } = await listen();
    const raw = closedLater(await RawSocket.connect(port));
    const headers = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
    raw.write(Buffer.from(`${line}\r\n${headers}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`));
    await raw.ended();
    expect(Buffer.from(raw.received).toString()).toMatch(expected);
    closedLater((await reception.link(webSocket({ port }))).connected);
  });

  it('cuts handshakes that take too long, requests without one as well, and leaves WebSockets in peace', async () => {
    const { port, reception, refused } = await listen({ handshakeTimeoutMs: 150 });
    const { connected, accepted } = await reception.link(webSocket({ port }));
    closedLater(connected);
    const begun = Date.now();
    const silent = closedLater(await RawSocket.connect(port));
    const slow = closedLater(await RawSocket.connect(port));
    const asking = closedLater(await RawSocket.connect(port));
    slow.write(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n'));
    const drip = setInterval(() => slow.write(Buffer.from('X-A: b\r\n')), 40);
    asking.write(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
    await Promise.all([silent, slow, asking].map((raw) => raw.ended()));
    clearInterval(drip);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(145);
    expect(refused.map(({ message }) => message)).toEqual(
      Array(3).fill(
        expect.stringMatching(
          /^the WebSocket handshake with 127\.0\.0\.1:\d+ was not finished within 150 ms$/,
        ),
      ),
    );
    const read = new Recording(accepted.packets$);
    connected.send(numbered(1));
    expect(frameIds(await read.count(1))).toEqual([1]);
  });
});
