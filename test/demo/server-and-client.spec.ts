import { once } from 'node:events';
import * as net from 'node:net';
import { Programs, type Program } from './programs';

const prompt = 'The white whale';

describe('npm run demo:server and npm run demo:client', () => {
  const programs = new Programs();
  let server: Program;
  let port: string;

  jest.setTimeout(60_000);

  /** A server on a free port, and what a client needs to find it. */
  async function serve(...args: string[]): Promise<[Program, string]> {
    const started = programs.start('server', ['--port', '0', ...args]);
    const [, at] = await started.until(/listening on \w+:\/\/127\.0\.0\.1:(\d+)/);
    return [started, at ?? ''];
  }

  beforeAll(async () => {
    [server, port] = await serve('--seed', '7', '--rate', '200', '--max-tokens', '24');
  });
  afterAll(() => programs.endAll());

  it('talk across processes, by flag and by standard input', async () => {
    const [byFlag, byInput] = await Promise.all([
      programs.run('client', ['--port', port, '--prompt', prompt]),
      programs.run('client', ['--port', port], `${prompt}\n`),
    ]);
    expect(byFlag).toMatchObject({ code: 0, stdout: expect.stringMatching(/\w+ \w+/) as string });
    expect(byFlag.stderr).toMatch(/^\d+ tokens, first after \d+ ms, \d+\.\d tokens\/s over tcp\n$/);
    expect(byInput.stdout).toBe(byFlag.stdout);
    await server.until(/(session \d+: over\n[^]*){2}/);
    expect(server.stdout.match(/^session \d+: opened by 127\.0\.0\.1:\d+ over tcp$/gm)).toHaveLength(2);
    expect(server.stdout.match(/^session \d+: “The white whale” completed, \d+ tokens in/gm)).toHaveLength(2);
  });

  describe('while an answer comes', () => {
    let slow: Program;
    let place: string[];

    beforeAll(async () => {
      const endless = ['--seed', '8', '--rate', '20', '--max-tokens', '10000'];
      const [started, at] = await serve('--transport', 'ws', ...endless);
      slow = started;
      place = ['--transport', 'ws', '--port', at];
    });

    it('cancel it at Ctrl-C, and the client ends at the next', async () => {
      const client = programs.startOnTerminal('client', place);
      await client.until(/> /);
      client.type('Call me\r');
      await client.until(/Call me\s+Call me \w+[^]*\w+ \w+/);
      client.type('\x03');
      await client.until(/\^C\r\ncancelled: \d+ tokens?, [^\n]* over websocket\r\n[^]*> /);
      await slow.until(/^session \d+: “Call me” cancelled, \d+ tokens? in \d+\.\d\d s\n/m);
      client.type('\x03');
      expect((await client.ended).code).toBe(0);
      await slow.until(/^session \d+: over\n/m);
    });

    it('cancel it when nobody reads it any more', async () => {
      const client = programs.start('client', [...place, '--prompt', prompt]);
      await client.until(/\w/);
      client.stopReading();
      expect(await client.ended).toMatchObject({ code: 0, stderr: '' });
      await slow.until(/^session \d+: “The white whale” disconnected, \d+ tokens? in/m);
    });
  });

  it('answer line after line, until the server is ended', async () => {
    const client = programs.startOnTerminal('client', ['--port', port]);
    await client.until(/> /);
    client.type(`${prompt}\r`);
    await client.until(/ over tcp\r\n[^]*> /);
    const first = client.stdout.length;
    client.type(`${prompt}\r`);
    await client.until(/ over tcp\r\n[^]*> /, { from: first });

    server.interrupt();
    expect(await server.ended).toMatchObject({ code: 0, stderr: '' });
    const { code, stdout } = await client.ended;
    expect(stdout).toMatch(/\r\nerror: the server has closed the connection\r\n$/);
    expect(code).toBe(1);
  });

  it('say in one line what to do when nobody listens, and when a transport is unknown', async () => {
    const listener = net.createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port: free } = listener.address() as net.AddressInfo;
    listener.close();
    const [nobody, unknown] = await Promise.all([
      programs.npmRun('demo:client', ['--port', String(free), '--prompt', prompt]),
      programs.npmRun('demo:server', ['--transport', 'pigeon']),
    ]);
    expect(nobody).toMatchObject({ code: 1, stdout: '' });
    expect(nobody.stderr).toMatch(/^error: cannot connect to [^\n]*: nothing listens there[^\n]*\n$/);
    expect(nobody.stderr).toContain(`npm run demo:server -- --transport tcp --port ${free}`);
    expect(unknown).toMatchObject({ code: 1, stdout: '' });
    expect(unknown.stderr).toBe(
      "error: option '--transport <kind>' argument 'pigeon' is invalid. Allowed choices are tcp, ws.\n",
    );
  });
});
