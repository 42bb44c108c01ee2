import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { of } from 'rxjs';
import { connect } from '../../../src/client/client';
import type { ClientOptions } from '../../../src/client/options';
import type { ServerOptions } from '../../../src/server/options';
import { createServer } from '../../../src/server/server';
import type { ConnectEndpoint, ListenEndpoint } from '../../../src/transport/endpoint';
import { ipc } from '../../../src/transport/ipc/ipc';
import { memory } from '../../../src/transport/memory';
import type { TcpOptions } from '../../../src/transport/tcp/options';
import { tcp } from '../../../src/transport/tcp/tcp';
import { tls } from '../../../src/transport/tls/tls';
import type { WebSocketOptions } from '../../../src/transport/web-socket/options';
import { webSocket } from '../../../src/transport/web-socket/web-socket';
import {
  CALLBACKS,
  CLIENT,
  each,
  IPC,
  MEMORY,
  SERVER,
  SESSION,
  TCP,
  TLS,
  valuesOf,
  WEB_SOCKET,
} from './candidates';
import { expectNothingUncaught, isTaken, serve, soon, visit, watchUncaught } from './visits';

watchUncaught();

describe.each([
  ['tcp', tcp, TCP],
  ['tls', tls, TLS],
  ['webSocket', webSocket, WEB_SOCKET],
  ['ipc', ipc, IPC],
  ['memory', memory, MEMORY],
] as const)('the options of %s', (kind, make, all) => {
  const required = { memory: {}, ipc: { path: 'socket' } }[kind as string] ?? { port: 0 };

  it.each(each(all))('are judged at the call: %s', (name, candidates) => {
    fc.assert(
      fc.property(valuesOf(candidates), (value) => {
        isTaken(name, () => (make as (options: object) => unknown)({ ...required, [name]: value }));
      }),
    );
  });
});

describe.each([
  ['tcp', tcp as (options: TcpOptions) => ListenEndpoint, TCP],
  ['webSocket', webSocket as (options: WebSocketOptions) => ListenEndpoint, WEB_SOCKET],
  ['ipc', ipc as unknown as (options: TcpOptions) => ListenEndpoint, IPC],
] as const)('a server on %s', (kind, make, all) => {
  const served = each(all).filter(([name]) => !['port', 'host', 'tls', 'path'].includes(name));
  const places = kind === 'ipc' ? mkdtempSync(join(tmpdir(), 'nnrp-')) : '';
  let count = 0;
  /** Where it is to listen, and what leads there. */
  const place = () => {
    const path = join(places, `${(count += 1)}`);
    return (port: number) => (kind === 'ipc' ? { path } : { port }) as { port: number };
  };

  afterAll(() => {
    if (places !== '') rmSync(places, { recursive: true });
  });

  it.each(served)('lives with any %s that was taken', (name, candidates) =>
    fc.assert(
      fc.asyncProperty(valuesOf(candidates), async (value) => {
        let endpoint: ListenEndpoint | undefined;
        const at = place();
        if (!isTaken(name, () => (endpoint = make({ ...at(0), [name]: value })))) return;
        const server = serve({}, endpoint!);
        const bound = await soon(
          'listening',
          server.listening().catch(() => []),
        );
        const [address] = bound;
        if (address !== undefined) await visit(make(at(address.port)) as unknown as ConnectEndpoint);
        await soon('server.close', server.close({ graceMs: 0 }));
        await expectNothingUncaught();
      }),
      { numRuns: 15 },
    ),
  );
});

describe('what is no option', () => {
  const words = fc.oneof(
    fc.string(),
    fc.constantFrom('store', 'path', '__proto__', 'constructor', 'toString', 'then'),
  );

  it('is refused by name', () =>
    fc.assert(
      fc.asyncProperty(words, fc.anything(), async (word, value) => {
        const known = [SERVER, CLIENT, SESSION, TCP, MEMORY].some((options) => Object.hasOwn(options, word));
        fc.pre(!known && !['listen'].includes(word));
        const given = Object.fromEntries([[word, value]]);
        const calls = [
          () => createServer({ listen: memory(), ...given }),
          () => tcp({ port: 0, ...given }),
          () => memory(given),
        ];
        for (const call of calls) expect(call).toThrow(/has no option /);
        await expect(connect(memory(), given)).rejects.toThrow(/^connect has no option /);
      }),
    ));

  it('is said of everything that is no object', () =>
    fc.assert(
      fc.asyncProperty(
        fc.anything().filter((value) => typeof value !== 'object' || value === null || Array.isArray(value)),
        async (value) => {
          fc.pre(value !== undefined);
          expect(() => createServer(value as ServerOptions)).toThrow(/the options of createServer must be/);
          expect(() => tcp(value as TcpOptions)).toThrow(/the options of tcp must be/);
          await expect(connect(memory(), value as ClientOptions)).rejects.toThrow(
            /options of connect must be/,
          );
          await expect(connect(value as ConnectEndpoint)).rejects.toThrow(/^the endpoint must be/);
          const server = createServer({ listen: memory() });
          await expect(server.close(value as object)).rejects.toThrow(/options of server.close must be/);
          await server.close();
        },
      ),
    ));
});

describe('an endpoint of somebody else’s', () => {
  const anything = valuesOf([...CALLBACKS]);

  it('that connects to nonsense is an error of connect', () =>
    fc.assert(
      fc.asyncProperty(anything, async (value) => {
        const connects: readonly unknown[] = [
          () => value,
          () => of(value),
          () => {
            throw value;
          },
        ];
        for (const how of connects) {
          const endpoint = { kind: 'mine', url: 'mine:', connect: how } as ConnectEndpoint;
          await expect(
            soon(
              'connect',
              connect(endpoint).then(
                () => 'connected',
                () => 'refused',
              ),
            ),
          ).resolves.toBe('refused');
        }
        await expectNothingUncaught();
      }),
    ));

  it('that listens to nonsense is an error of createServer', () => {
    fc.assert(
      fc.property(anything, (value) => {
        const listen = { kind: 'mine', listen: () => value } as unknown as ListenEndpoint;
        expect(() => createServer({ listen })).toThrow(/^listen\(\) of an endpoint must be a Listener, got /);
      }),
    );
  });
});
