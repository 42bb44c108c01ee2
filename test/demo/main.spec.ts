import { once } from 'node:events';
import * as net from 'node:net';
import { Programs, type Outcome } from './programs';

const FIGURES = /^(\d+) tokens, first after (\d+) ms, (\d+\.\d) tokens\/s over (tcp|websocket)\n$/;

describe('npm run demo', () => {
  const programs = new Programs();

  jest.setTimeout(60_000);
  afterAll(() => programs.endAll());

  describe('in one go', () => {
    let overTcp: Promise<Outcome>;
    let overWebSocket: Promise<Outcome>;
    let fromAnotherSeed: Promise<Outcome>;
    let withCuts: Promise<Outcome>;

    beforeAll(() => {
      const prompt = 'The white whale';
      const model = ['--max-tokens', '24', '--rate', '200', '--seed'];
      overTcp = programs.npmRun('demo', [...model, '7', '--prompt', prompt]);
      overWebSocket = programs.run('main', [...model, '7', '--transport', 'ws'], `${prompt}\n`);
      fromAnotherSeed = programs.run('main', [...model, '8', '--prompt', prompt]);
      const chaos = ['--chaos', '--max-tokens', '120', '--rate', '60', '--prompt', prompt];
      withCuts = programs.run('main', [...chaos, '--seed', '7']);
    });

    it('streams an answer over TCP, and ends', async () => {
      const { code, stdout, stderr } = await overTcp;
      expect(code).toBe(0);
      expect(stdout).toMatch(/\w+ \w+[^]*\S\n$/);
      expect(stderr).toMatch(/ over tcp\n$/);
    });

    it('does the same over WebSocket', async () => {
      const { code, stderr } = await overWebSocket;
      expect(code).toBe(0);
      expect(stderr).toMatch(/ over websocket\n$/);
    });

    it('tells tokens, time to the first and tokens a second, and nothing else', async () => {
      for (const { stderr } of [await overTcp, await overWebSocket]) {
        const [, tokens, firstMs, rate] = (FIGURES.exec(stderr) ?? []).map(Number);
        // The model ends with a sentence, once half of the tokens are said.
        expect(tokens).toBeGreaterThanOrEqual(12);
        expect(tokens).toBeLessThanOrEqual(24);
        expect(firstMs).toBeLessThan(((tokens ?? 0) * 1000) / (rate ?? 0));
        // A timer may be late, but it is hardly early by more than a millisecond.
        expect(rate).toBeLessThan(300);
      }
    });

    it('gives the same answer to the same prompt and seed, by flag or by standard input', async () => {
      expect((await overWebSocket).stdout).toBe((await overTcp).stdout);
      expect((await fromAnotherSeed).stdout).not.toBe((await overTcp).stdout);
    });

    it('brings the answer through cuts of the connection, nothing lost or doubled', async () => {
      const { code, stderr } = await withCuts;
      expect(code).toBe(0);
      const [, cuts, sent, received] = (
        /(\d+) cuts?: (\d+) tokens sent, (\d+) received, none lost or doubled\n$/.exec(stderr) ?? []
      ).map(Number);
      expect(cuts).toBeGreaterThanOrEqual(1);
      expect(sent).toBeGreaterThan(50);
      expect(received).toBe(sent);
    });
  });

  it('has a prompt of its own, and cancels the answer at Ctrl-C', async () => {
    const program = programs.start('main', ['--rate', '20', '--max-tokens', '10000']);
    await program.until(/\w+ \w+ \w+/);
    program.interrupt();
    const { code, stderr } = await program.ended;
    const [hint, figures, ...rest] = stderr.split('\n');
    expect(hint).toBe('nothing on standard input, so the prompt is: Call me Ishmael.');
    expect(figures).toMatch(/^cancelled: \d+ tokens, first after \d+ ms, \d+\.\d tokens\/s over tcp$/);
    expect(rest).toEqual(['']);
    expect(code).toBe(130);
  });

  describe('says in one line what to do', () => {
    const taken = net.createServer();

    beforeAll(async () => {
      taken.listen(0, '127.0.0.1');
      await once(taken, 'listening');
    });
    afterAll(() => taken.close());

    it('when a flag is wrong, or a port taken', async () => {
      const { port } = taken.address() as net.AddressInfo;
      const [flag, inUse] = await Promise.all([
        programs.run('main', ['--promt', 'Call me']),
        programs.run('main', ['--port', String(port), '--prompt', 'Call me']),
      ]);
      expect(flag).toEqual({
        code: 1,
        signal: null,
        stdout: '',
        stderr: "error: unknown option '--promt' (Did you mean --prompt?)\n",
      });
      expect(inUse).toMatchObject({ code: 1, stdout: '' });
      expect(inUse.stderr).toMatch(
        /^error: cannot listen on [^\n]*: the port is in use; choose another[^\n]*\n$/,
      );
      expect(inUse.stderr).toContain(`127.0.0.1:${port}`);
    });
  });
});
