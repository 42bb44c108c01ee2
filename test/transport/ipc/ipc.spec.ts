import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom } from 'rxjs';
import { connect } from '../../../src';
import { createServer } from '../../../src/server/server';
import { addressOf } from '../../../src/server/opening/peer-address';
import { ipc } from '../../../src/transport/ipc/ipc';
import { pause, until } from '../../support/until';
import { describeGate } from '../gate-contract';
import {
  closedLater,
  expectFault,
  frameIds,
  leavesNothingOpen,
  numbered,
  Reception,
  Recording,
} from '../support';
import { describeTransport } from '../transport-contract';

leavesNothingOpen();

const folder = mkdtempSync(join(tmpdir(), 'nnrp-ipc-'));
let paths = 0;

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Where nobody listens yet. */
function newPath(): string {
  return join(folder, `${(paths += 1)}.sock`);
}

async function failureOf(path: string): Promise<unknown> {
  const { values, error } = await new Recording(ipc({ path }).listen()).over();
  expect(values).toEqual([]);
  return error;
}

/** A socket's file whose process has ended without a word. */
function stalePath(): string {
  const path = newPath();
  const program = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', program]);
  expect(existsSync(path)).toBe(true);
  return path;
}

describe('ipc', () => {
  describeTransport({
    heardOfDestroy: 'end',
    async connect(given = {}) {
      const options = { path: newPath(), closeTimeoutMs: 500, ...given };
      const reception = closedLater(new Reception(ipc(options).listen()));
      await reception.address();
      const link = await reception.link(ipc(options));
      closedLater(link.connected);
      return link;
    },
  });

  describe('at a gate', () => {
    describeGate(() => ({
      listening: ipc({ path: newPath() }),
      connecting: ({ host }) => ipc({ path: host }),
    }));
  });

  it('has the kind ipc, and says where it listens', async () => {
    const path = newPath();
    const reception = closedLater(new Reception(ipc({ path }).listen()));
    const url = `unix://${path}`;
    expect(await reception.address()).toEqual({ kind: 'ipc', host: path, port: 0, url });
    expect(ipc({ path })).toMatchObject({ kind: 'ipc', url });
    expect(ipc({ path: '\\\\.\\pipe\\model' }).url).toBe('npipe://\\\\.\\pipe\\model');
  });

  it('has a name for each peer, and one address for all of them', async () => {
    const path = newPath();
    const reception = closedLater(new Reception(ipc({ path }).listen()));
    await reception.address();
    const peers: string[] = [];
    for (const _ of [1, 2]) {
      const { accepted, connected } = await reception.link(ipc({ path }));
      closedLater(connected);
      peers.push(accepted.peer);
      expect(connected.peer).toBe(`unix://${path}`);
    }
    expect(peers).toEqual([`unix://${path}:1`, `unix://${path}:2`]);
    expect(peers.map(addressOf)).toEqual([`unix://${path}`, `unix://${path}`]);
  });

  it.each([
    [undefined, 0o600],
    [0o660, 0o660],
    [-0, 0],
  ])('lets in who the mode %p says', async (mode, rights) => {
    const path = newPath();
    const reception = closedLater(new Reception(ipc({ path, ...(mode !== undefined && { mode }) }).listen()));
    await reception.address();
    expect(statSync(path).mode & 0o777).toBe(rights);
  });

  it('takes over the file of a process that is gone, and removes its own', async () => {
    const path = stalePath();
    const reception = closedLater(new Reception(ipc({ path }).listen()));
    await reception.address();
    const { accepted, connected } = await reception.link(ipc({ path }));
    closedLater(connected);
    connected.send(numbered(1));
    expect(frameIds(await new Recording(accepted.packets$).count(1))).toEqual([1]);
    reception.subscription.unsubscribe();
    await until(() => !existsSync(path), 'the file to be gone');
  });

  it('takes nothing from whoever listens, nor what is no socket', async () => {
    const path = newPath();
    const reception = closedLater(new Reception(ipc({ path }).listen()));
    await reception.address();
    const inUse = (at: string) => ({
      kind: 'io' as const,
      reach: 'server' as const,
      message: `cannot listen on unix://${at}: somebody listens there, or it is no socket; choose another path, or remove the file`,
    });
    expectFault(await failureOf(path), inUse(path));
    const { connected } = await reception.link(ipc({ path }));
    closedLater(connected);
    const file = newPath();
    writeFileSync(file, 'a letter');
    expectFault(await failureOf(file), inUse(file));
    expect(statSync(file).size).toBe(8);
  });

  it('leaves nothing open where it is stopped while it looks whether somebody listens', async () => {
    const path = stalePath();
    const listener = ipc({ path }).listen();
    new Recording(listener).subscription.unsubscribe();
    await pause(20);
    expect((await new Recording(listener.address$).over()).values).toEqual([]);
  });

  it('says why there is nobody to connect to, or nowhere to listen', async () => {
    const path = newPath();
    const { error } = await new Recording(ipc({ path }).connect()).over();
    expectFault(error, {
      kind: 'io',
      message: `cannot connect to unix://${path}: nothing listens there; is the server running?`,
    });
    const astray = join(folder, 'none', 'a.sock');
    expectFault(await failureOf(astray), {
      kind: 'io',
      message: `cannot listen on unix://${astray}: its folder does not exist, or whoever listens may not write into it`,
    });
  });

  it.each(['', '/tmp/\0', `/tmp/${'a'.repeat(120)}`])('is no endpoint with the path %j', (path) => {
    expect(() => ipc({ path })).toThrow(/^path must be a path of 1 to \d+ bytes, or that of a named pipe/);
  });

  it('carries a server and its clients', async () => {
    const path = newPath();
    const server = createServer({ listen: ipc({ path }) });
    server.sessions$.subscribe((session) => session.respond(({ text }) => text.toUpperCase()));
    const [{ url } = { url: '' }] = await server.listening();
    const client = await connect(url);
    const session = await client.openSession();
    expect(await session.submit({ body: 'ask' }).whole()).toMatchObject({ text: 'ASK' });
    expect(await firstValueFrom(session.state$)).toBe('open');
    await client.close();
    await server.close();
    expect(existsSync(path)).toBe(false);
  });
});
