import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { install, packed, write } from './consumer';
import { repository, run } from './run';

// Programs of one who has the tarball: those that it shows, and one in another runtime.

let consumer: string;

beforeAll(async () => {
  consumer = await install(packed());
});
afterAll(() => {
  rmSync(consumer, { recursive: true, force: true });
});

describe('the examples', () => {
  const SAID = {
    hello: /^Hello, Ishmael!\n$/,
    chat: /^I have heard 1: .*\nI have heard 2: “Call me Ishmael.” “Some years ago” \n$/,
    agent: /^Looking out of a window in Nantucket … it is noon, and there is fog.\n$/,
    tiles: /^{"factor":3,"tiles":2}\n3,6 90,120\n$/,
    cancel: /^token 0\ntoken 1\ntoken 2\nthe handler is unsubscribed\n$/,
    resume: /is reconnecting\nsession is resumed\n0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 \n/,
    marbles: /^the cancel has stopped the model/,
    'message-port': /^You said: Call me Ishmael.\n$/,
  };

  it.each(Object.entries(SAID))('%s does what it says, as it is in the tarball', async (name, said) => {
    const example = join(consumer, `${name}.ts`);
    copyFileSync(join(consumer, 'node_modules/nnrp-rx/examples', `${name}.ts`), example);
    const tsNode = require.resolve('ts-node/register/transpile-only');
    expect(await run(process.execPath, ['-r', tsNode, example])).toMatch(said);
  });
});

describe('the quick start', () => {
  it('streams an answer from one file to the other, as the page has them', async () => {
    const page = readFileSync(join(consumer, 'node_modules/nnrp-rx/docs/index.md'), 'utf8');
    const [server = '', client = ''] = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(
      ([, code]) => code ?? '',
    );
    const serving = spawn(process.execPath, [
      write(consumer, 'server.mjs', server.replace('port: 4480', 'port: 0')),
    ]);
    try {
      const [said] = (await once(serving.stdout, 'data')) as [Buffer];
      const url = /^listening on (\S+)\n$/.exec(String(said))?.[1];
      const program = write(consumer, 'client.mjs', client.replace('ws://127.0.0.1:4480', url ?? ''));
      expect(await run(process.execPath, [program])).toBe('You said: Call me Ishmael');
    } finally {
      serving.kill();
    }
  });
});

/** Runs a module in Deno, with what npm has installed. */
function deno(script: string): Promise<string> {
  const program = write(consumer, 'program.mjs', script);
  const flags = ['--allow-all', '--no-config', '--node-modules-dir=manual'];
  return run(join(repository, 'node_modules/.bin/deno'), ['run', ...flags, program], consumer);
}

describe('in Deno', () => {
  it.each(['tcp', 'webSocket'])('a server and a client stream and cancel over %s', async (transport) => {
    const said = await deno(`
      import { firstValueFrom } from 'rxjs';
      import { connect, createServer, ${transport} } from 'nnrp-rx';

      const server = createServer({ listen: ${transport}({ port: 0 }) });
      server.failures$.subscribe(console.error);
      server.sessions$.subscribe((session) => {
        session.respond(async function* ({ text }, { signal }) {
          signal.addEventListener('abort', () => console.log('cancelled'));
          yield* text.split(/(?= )/);
          if (text === 'for ever') await new Promise((resolve) => signal.addEventListener('abort', resolve));
        });
      });
      const [{ url }] = await server.listening();

      const client = await connect(url);
      const session = await client.openSession({ reconnect: {} });
      for await (const text of session.submit({ body: 'Call me Ishmael.' }).text$) console.log(text);
      await firstValueFrom(session.submit({ body: 'for ever' }).text$);
      await client.close();
      await server.close();`);
    expect(said).toBe('Call\n me\n Ishmael.\ncancelled\n');
  });
});
