import { createServer, tcp, type ListenAddress } from '../../../src';
import { encodePacket } from '../../../src/wire';
import { open } from '../../../src/testing';
import { proxyHeader } from '../../support/proxy-header';
import { Random } from '../../simulation/random';
import { RawSocket } from '../../support/raw-socket';
import { until } from '../../support/until';
import { figure, mebibytes } from '../support/figure';
import { scaled } from '../support/scale';

const HEADERS = scaled(5000, 500);
const AT_ONCE = 50;

/** What a stranger may send in the place of a header, by way of a proxy that is trusted. */
const KINDS: readonly ((random: Random) => Uint8Array)[] = [
  (random) => random.bytes(random.int(1, 64)),
  (random) => Buffer.concat([proxyHeader().subarray(0, 12), random.bytes(random.int(4, 64))]),
  (random) => {
    const header = proxyHeader();
    header[random.int(0, 15)]! ^= 1 << random.int(0, 7);
    return Buffer.concat([header, random.bytes(64)]);
  },
  // All that it announces is to be gathered.
  () => Buffer.concat([proxyHeader({ length: 0xffff }), new Uint8Array(64 * 1024)]),
];

describe('headers of the PROXY protocol that are none', () => {
  it('cost their connection, and neither memory nor anybody else', async () => {
    const random = new Random(11);
    const server = createServer({
      listen: tcp({ port: 0, trustProxy: ['127.0.0.1'] }),
      limits: { handshakeMs: 200 },
    });
    server.sessions$.subscribe((session) => session.respond((submit) => submit.complete()));
    const [{ port }] = (await server.listening()) as [ListenAddress];
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    for (let sent = 0; sent < HEADERS; sent += AT_ONCE) {
      const sockets = await Promise.all(Array.from({ length: AT_ONCE }, () => RawSocket.connect(port)));
      for (const socket of sockets) socket.write(random.pick(KINDS)(random));
      await Promise.all(sockets.map((socket) => socket.ended()));
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      for (const socket of sockets) socket.destroy();
    }
    expect(server.usage).toMatchObject({ connections: 0, sessions: 0 });
    figure({ name: 'memory under broken PROXY headers', value: mebibytes(most), unit: 'MiB', atMost: 48 });
    const bystander = await RawSocket.connect(port);
    bystander.write(Buffer.concat([proxyHeader(), encodePacket(open(1))]));
    await until(() => server.sessionCount === 1, 'a session of another');
    bystander.destroy();
    await server.close({ graceMs: 0 });
  }, 120_000);
});
