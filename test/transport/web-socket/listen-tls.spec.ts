import { once } from 'node:events';
import * as nodeTls from 'node:tls';
import { webSocket } from '../../../src/transport/web-socket/web-socket';
import { makeLab, type Authority, type Issued } from '../../support/certificates';
import { RawSocket } from '../../support/raw-socket';
import { pause, until } from '../../support/until';
import {
  closedLater,
  expectFault,
  frameIds,
  leavesNothingOpen,
  numbered,
  Reception,
  Recording,
} from '../support';
import { listen, type Options } from './support';

let authority: Authority;
let server: Issued;
let alice: Issued;

beforeAll(async () => {
  ({ authority, server, alice } = await makeLab());
});

leavesNothingOpen();

const secureTo = (port: number, options: Options = {}) =>
  webSocket({ port, tls: { ca: authority.cert }, ...options });

describe('a WebSocket listener over TLS', () => {
  it('is reached at wss:, and both ends know each other by their certificates', async () => {
    const tls = { ...server, ca: authority.cert, clientCertificates: 'require' } as const;
    const { port, reception } = await listen({ path: '/nnrp', tls });
    const address = await reception.address();
    expect(address.url).toBe(`wss://127.0.0.1:${port}/nnrp`);
    const endpoint = webSocket({ port, path: '/nnrp', tls: { ca: authority.cert, ...alice } });
    expect(endpoint.url).toBe(address.url);
    const { accepted, connected } = await reception.link(endpoint);
    closedLater(connected);
    expect([accepted.kind, accepted.identity?.commonName, connected.identity?.commonName]).toEqual([
      'websocket',
      'alice',
      'server',
    ]);
    const [read, answers] = [new Recording(accepted.packets$), new Recording(connected.packets$)];
    connected.send(numbered(1, 100_000));
    accepted.send(numbered(2, 100_000));
    expect(frameIds([...(await read.count(1)), ...(await answers.count(1))])).toEqual([1, 2]);
  });

  it('has nobody identified without a client certificate', async () => {
    const { port, reception } = await listen({ tls: server });
    const { accepted, connected } = await reception.link(secureTo(port));
    closedLater(connected);
    expect(accepted.identity).toBeUndefined();
  });

  it('refuses TLS 1.1 and foreign certificates, each with one clear error', async () => {
    const { port, refused, reception } = await listen({ tls: server });
    const old = nodeTls.connect({
      port,
      host: '127.0.0.1',
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    const [error] = (await once(closedLater(old), 'error')) as [Error & { code: string }];
    expect(error.code).toContain('PROTOCOL_VERSION');
    await until(() => refused.length === 1, 'the refusal');
    expect(refused[0]?.message).toMatch(/^the TLS handshake with .* failed: there is no TLS version/);
    const untrusting = await new Recording(webSocket({ port, tls: {} }).connect()).over();
    expectFault(untrusting.error, {
      kind: 'io',
      reach: 'connection',
      message: `cannot connect to wss://127.0.0.1:${port}/: its certificate is signed by nobody that is trusted here; give the signer's as \`ca\``,
    });
    const misnamed = await new Recording(
      webSocket({ port, tls: { ca: authority.cert, serverName: 'nnrp.example' } }).connect(),
    ).over();
    expect((misnamed.error as Error).message).toContain('its certificate is for other names');
    const plain = await new Recording(webSocket({ port }).connect()).over();
    expectFault(plain.error, { kind: 'io', reach: 'connection' });
    expect(reception.transports).toEqual([]);
  });

  it('tells a client that it needs a certificate', async () => {
    const tls = { ...server, ca: authority.cert, clientCertificates: 'require' } as const;
    const { port, reception } = await listen({ tls });
    const { error } = await new Recording(secureTo(port).connect()).over();
    expectFault(error, {
      kind: 'io',
      message: `cannot connect to wss://127.0.0.1:${port}/: it requires a client certificate; give \`cert\` and \`key\``,
    });
    expect(reception.transports).toEqual([]);
  });

  it('is told that what listens there has no TLS', async () => {
    const { port } = await listen();
    const { error } = await new Recording(secureTo(port).connect()).over();
    expectFault(error, {
      kind: 'io',
      message: `cannot connect to wss://127.0.0.1:${port}/: it does not speak TLS`,
    });
  });

  it('has one clear error for a certificate that is none, of either end', async () => {
    const { error } = await new Recording(webSocket({ port: 4480, tls: {} }).listen()).over();
    expectFault(error, {
      kind: 'io',
      reach: 'server',
      message: 'cannot listen on 127.0.0.1:4480: a server needs a certificate; give `cert` and `key`',
    });
    const connecting = webSocket({ port: 1, tls: { cert: 'nonsense', key: 'nonsense' } }).connect();
    expectFault((await new Recording(connecting).over()).error, {
      kind: 'io',
      message:
        'cannot connect to wss://127.0.0.1:1/: the certificate cannot be read; it has to be PEM, the text and not the name of a file',
    });
  });

  it('shows another certificate when it is replaced; a bad one is refused', async () => {
    const endpoint = webSocket({ port: 0, tls: server });
    const reception = closedLater(new Reception(endpoint.listen()));
    const { port } = await reception.address();
    const first = await reception.link(secureTo(port));
    closedLater(first.connected);
    endpoint.replaceCertificate(await authority.issue({ name: 'renewed' }));
    expect(() => {
      endpoint.replaceCertificate({ cert: server.cert, key: alice.key });
    }).toThrow(
      'cannot replace the certificate of wss://127.0.0.1:0/: the key is not that of the certificate',
    );
    const second = await reception.link(secureTo(port));
    closedLater(second.connected);
    expect([first, second].map(({ connected }) => connected.identity?.commonName)).toEqual([
      'server',
      'renewed',
    ]);
    const read = new Recording(first.accepted.packets$);
    first.connected.send(numbered(1));
    expect(frameIds(await read.count(1))).toEqual([1]);
  });

  it('has one time for both handshakes', async () => {
    const { port, refused } = await listen({ tls: server, handshakeTimeoutMs: 200 });
    const begun = Date.now();
    const silent = closedLater(await RawSocket.connect(port));
    const half = closedLater(nodeTls.connect({ port, host: '127.0.0.1', ca: authority.cert }));
    half.on('error', () => undefined).resume();
    await once(half, 'secureConnect');
    half.write('GET / HTTP/1.1\r\nHost: x\r\n');
    await Promise.all([silent.ended(), once(half, 'close')]);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(195);
    expect(refused.map(({ message }) => message.replace(/127[^ ]* /, '')).sort()).toEqual([
      'the TLS handshake with was not finished within 200 ms',
      'the WebSocket handshake with was not finished within 200 ms',
    ]);
  });

  it('cuts what is on its way when it stops, before and after TLS', async () => {
    const { port, reception, refused } = await listen({ tls: server });
    const { accepted, connected } = await reception.link(secureTo(port));
    closedLater(connected);
    const silent = closedLater(await RawSocket.connect(port));
    const half = closedLater(nodeTls.connect({ port, host: '127.0.0.1', ca: authority.cert }));
    half.on('error', () => undefined).resume();
    await once(half, 'secureConnect');
    await pause(10);
    reception.subscription.unsubscribe();
    await Promise.all([silent.ended(), once(half, 'close')]);
    expect(refused).toEqual([]);
    const read = new Recording(accepted.packets$);
    connected.send(numbered(1));
    expect(frameIds(await read.count(1))).toEqual([1]);
  });
});
