import { createServer } from 'node:net';
import type { ListenAddress, ListenerSink } from '../../../src/transport/endpoint';
import { bind } from '../../../src/transport/tcp/listen';
import { until } from '../../support/until';
import { closedLater, expectFault, leavesNothingOpen } from '../support';

leavesNothingOpen();

class Told implements ListenerSink {
  readonly addresses: ListenAddress[] = [];
  readonly errors: Error[] = [];

  listening(address: ListenAddress): void {
    this.addresses.push(address);
  }

  accept(): void {
    throw new Error('accepts nothing');
  }

  error(error: Error): void {
    this.errors.push(error);
  }
}

const place = { kind: 'pipe', host: '127.0.0.1', port: 0, url: (text: string) => `pipe://${text}/x` };

describe('bind', () => {
  it('tells where a server listens', async () => {
    const told = new Told();
    const server = closedLater(createServer());
    bind(server, told, place);
    await until(() => told.addresses.length > 0, 'an address');
    const [{ port }] = told.addresses as [ListenAddress];
    const url = `pipe://127.0.0.1:${port}/x`;
    expect(told.addresses).toEqual([{ kind: 'pipe', host: '127.0.0.1', port, url }]);
    expect(told.errors).toEqual([]);
  });

  it('lets as many connections wait as is said, 511 by default', () => {
    const listen = jest.fn();
    for (const backlog of [undefined, 7]) {
      const server = createServer();
      server.listen = listen;
      bind(server, new Told(), { ...place, port: 1, backlog });
    }
    const options = { host: '127.0.0.1', port: 1, exclusive: false };
    expect(listen.mock.calls.map(([given]: unknown[]) => given)).toEqual([
      { ...options, backlog: 511 },
      { ...options, backlog: 7 },
    ]);
  });

  it('tells why a server cannot listen, also where Node throws', () => {
    const told = new Told();
    bind(createServer(), told, { ...place, port: 70_000 });
    expect(told.errors).toHaveLength(1);
    expectFault(told.errors[0], { kind: 'io', reach: 'server' });
    expect(told.errors[0]?.message).toMatch(/^cannot listen on 127\.0\.0\.1:70000: /);
  });

  it('tells when a server cannot listen any more', async () => {
    const told = new Told();
    const server = closedLater(createServer());
    bind(server, told, place);
    await until(() => told.addresses.length > 0, 'an address');
    server.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }));
    expect(told.errors.map(({ message }) => message)).toEqual([
      'cannot listen on 127.0.0.1:0: accept EMFILE',
    ]);
  });
});
