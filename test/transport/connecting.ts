import { networkInterfaces } from 'node:os';
import { firstValueFrom } from 'rxjs';
import type { ConnectEndpoint, ListenEndpoint } from '../../src/transport/endpoint';
import type { Transport } from '../../src/transport/transport';
import { RawListener } from '../support/raw-socket';
import { pause, until } from '../support/until';
import { closedLater, expectFault, frameIds, numbered, Reception, Recording } from './support';

export interface Connecting {
  endpoint(place: { readonly host?: string; readonly port: number }): ListenEndpoint & ConnectEndpoint;
  /** How errors of connecting name a place. */
  target(hostAndPort: string): string;
  /** How addresses name it. */
  url(hostAndPort: string): string;
}

/** This machine may have no IPv6; then there is no such address to bind, which is an outcome too. */
const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);

/** An address that is reserved for documentation: no machine has it. */
const NO_ADDRESS = '192.0.2.1';

/** What listening and connecting keep to, over TCP and over WebSocket. */
export function describeConnecting({ endpoint, target, url }: Connecting): void {
  async function listen(place: { host?: string } = {}): Promise<{ reception: Reception; port: number }> {
    const reception = closedLater(new Reception(endpoint({ port: 0, ...place }).listen()));
    return { reception, port: (await reception.address()).port };
  }

  async function failureOf(attempt: { host?: string; port: number }): Promise<unknown> {
    const { values, error } = await new Recording(endpoint(attempt).connect()).over();
    expect(values).toEqual([]);
    return error;
  }

  async function listenFailureOf(attempt: { host?: string; port: number }): Promise<unknown> {
    const listener = endpoint(attempt).listen();
    const address = new Recording(listener.address$);
    const { values, error } = await new Recording(listener).over();
    expect(values).toEqual([]);
    // The same error for who waits for the address.
    expect((await address.over()).error).toBe(error);
    return error;
  }

  describe('listening', () => {
    it('says which port it got, and how to reach it', async () => {
      const { reception, port } = await listen();
      expect(port).toBeGreaterThan(0);
      const { kind } = reception.listener;
      expect(await reception.address()).toEqual({
        kind,
        host: '127.0.0.1',
        port,
        url: url(`127.0.0.1:${port}`),
      });
    });

    it('accepts every peer, as a transport of its own', async () => {
      const { reception, port } = await listen();
      const links = [await reception.link(endpoint({ port })), await reception.link(endpoint({ port }))];
      for (const [index, { accepted, connected }] of links.entries()) {
        closedLater(connected);
        connected.send(numbered(index));
        expect(frameIds(await new Recording(accepted.packets$).count(1))).toEqual([index]);
      }
    });

    it('binds nothing before it is subscribed to', async () => {
      endpoint({ port: 0 }).listen();
      endpoint({ port: 0 }).connect();
      await pause(10);
      // What is left open is asserted after every test.
    });

    it('stops accepting when unsubscribed, and leaves what was accepted alive', async () => {
      const { reception, port } = await listen();
      const { accepted, connected } = await reception.link(endpoint({ port }));
      closedLater(connected);
      reception.subscription.unsubscribe();
      await pause(10);
      expectFault(await failureOf({ port }), { kind: 'io' });
      const read = new Recording(accepted.packets$);
      connected.send(numbered(1));
      expect(frameIds(await read.count(1))).toEqual([1]);
      expect(read.isOver).toBe(false);
      // The port is free again, although the connection lives.
      const next = closedLater(new Reception(endpoint({ port }).listen()));
      expect((await next.address()).port).toBe(port);
    });

    it('leaves nothing open when it is stopped before it is bound', async () => {
      const listener = endpoint({ port: 0 }).listen();
      const address = new Recording(listener.address$);
      new Recording(listener).subscription.unsubscribe();
      expect((await address.over()).values).toEqual([]);
      await pause(20);
    });

    it('leaves nothing open when it is stopped while a host is looked up', async () => {
      const listener = endpoint({ host: 'localhost', port: 0 }).listen();
      new Recording(listener).subscription.unsubscribe();
      await pause(50);
    });

    it('has one clear error for a port in use', async () => {
      const { port } = await listen();
      expectFault(await listenFailureOf({ port }), {
        kind: 'io',
        reach: 'server',
        origin: 'local',
        message: `cannot listen on 127.0.0.1:${port}: the port is in use; choose another, or 0 for any free one`,
      });
    });

    it('has one clear error for an address that this machine does not have', async () => {
      expectFault(await listenFailureOf({ host: NO_ADDRESS, port: 4433 }), {
        kind: 'io',
        message: `cannot listen on ${NO_ADDRESS}:4433: this machine has no such address`,
      });
    });

    it('has one clear error for a host that does not resolve', async () => {
      const error = await listenFailureOf({ host: 'nnrp.invalid', port: 4433 });
      expectFault(error, { kind: 'io', reach: 'server' });
      expect((error as Error).message).toMatch(
        /^cannot listen on nnrp\.invalid:4433: the host name (does not resolve|could not be looked up)/,
      );
    });
  });

  it.each([-1, 65_536, 1.5, NaN, undefined, null, '80'])('is no endpoint with the port %p', (given) => {
    const wrong = (): unknown => endpoint({ port: given as number });
    expect(wrong).toThrow(/^port must be an integer from 0 to 65535, got /);
    expect(wrong).toThrow(typeof given === 'number' ? RangeError : TypeError);
  });

  describe('connecting', () => {
    it('emits one transport and completes', async () => {
      const { port } = await listen();
      const attempt = new Recording(endpoint({ port }).connect());
      const { values } = await attempt.over();
      expect(values).toHaveLength(1);
      const transport = closedLater(values[0]!);
      expect(transport.peer).toBe(`127.0.0.1:${port}`);
    });

    it('connects anew with every subscription', async () => {
      const { reception, port } = await listen();
      const connect$ = endpoint({ port }).connect();
      for (let count = 1; count <= 2; count++) {
        closedLater(await firstValueFrom(connect$));
        await until(() => reception.transports.length === count, 'a transport');
      }
    });

    it('goes to an IPv6 address where this machine has one', async () => {
      const reception = closedLater(new Reception(endpoint({ host: '::1', port: 0 }).listen()));
      const address = new Recording(reception.listener.address$);
      const { values } = await Promise.race([
        address.count(1).then((values) => ({ values })),
        address.over(),
      ]);
      expect(values).toHaveLength(hasIpv6 ? 1 : 0);
      for (const { port, url: reached } of values) {
        expect(reached).toBe(url(`[::1]:${port}`));
        const { accepted, connected } = await reception.link(endpoint({ host: '::1', port }));
        closedLater(connected);
        expect(connected.peer).toBe(`[::1]:${port}`);
        connected.send(numbered(1));
        expect(frameIds(await new Recording(accepted.packets$).count(1))).toEqual([1]);
      }
    });

    it('goes to a name', async () => {
      const { port } = await listen();
      closedLater(await firstValueFrom(endpoint({ host: 'localhost', port }).connect()));
    });

    it.each(['127.0.0.1', 'localhost'])('has one clear error where nothing listens on %s', async (host) => {
      const { reception, port } = await listen();
      reception.close();
      await pause(5);
      const error = await failureOf({ host, port });
      expectFault(error, {
        kind: 'io',
        reach: 'connection',
        origin: 'local',
        message: `cannot connect to ${target(`${host}:${port}`)}: nothing listens there; is the server running?`,
      });
    });

    it('has one clear error for a host that does not resolve', async () => {
      const error = await failureOf({ host: 'nnrp.invalid', port: 4433 });
      expectFault(error, { kind: 'io', reach: 'connection' });
      const { message } = error as Error;
      expect(message.startsWith(`cannot connect to ${target('nnrp.invalid:4433')}: the host name `)).toBe(
        true,
      );
    });

    it('leaves nothing open when it is given up at once', async () => {
      const { reception, port } = await listen();
      const attempt = new Recording<Transport>(endpoint({ port }).connect());
      attempt.subscription.unsubscribe();
      await pause(30);
      expect(attempt.values).toEqual([]);
      expect(attempt.ends).toBe(0);
      for (const transport of reception.transports) await new Recording(transport.packets$).over();
    });

    it.each(['localhost', 'nnrp.invalid'])('leaves nothing open when %s is given up', async (host) => {
      const attempt = new Recording(endpoint({ host, port: 4433 }).connect());
      // While the name is looked up.
      attempt.subscription.unsubscribe();
      await pause(30);
      expect(attempt.ends).toBe(0);
    });

    it('leaves the connection to who took it', async () => {
      const { reception, port } = await listen();
      const attempt = new Recording<Transport>(endpoint({ port }).connect());
      const [connected] = (await attempt.count(1)) as readonly [Transport];
      closedLater(connected);
      attempt.subscription.unsubscribe();
      const read = new Recording((await reception.accept()).packets$);
      connected.send(numbered(1));
      expect(frameIds(await read.count(1))).toEqual([1]);
    });

    it('meets a peer that is gone at once, with an error or an end', async () => {
      const listener = closedLater(await RawListener.listen());
      const attempt = new Recording<Transport>(endpoint({ port: listener.port }).connect());
      (await listener.accept()).reset();
      const { values } = await attempt.over();
      for (const transport of values) {
        expectFault((await new Recording(transport.packets$).over()).error, { kind: 'io' });
      }
      if (values.length === 0) expectFault(attempt.error, { kind: 'io', reach: 'connection' });
    });
  });
}
