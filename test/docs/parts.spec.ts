import { compileFunction } from 'node:vm';
import { firstValueFrom } from 'rxjs';
import * as nnrp from '../../src';
import { encodeParts } from '../../src';
import { text } from '../support/packets';
import { endServed, Served } from '../support/served';
import { until } from '../support/until';
import { snippetsOf, type Snippet } from './check-snippets';

const { process: strip } = jest.requireActual<{
  process(source: string, path: string): { readonly code: string };
}>('../../scripts/strip-types.js');

const [answering, reading, asking, checkingServer, checkingClient, rendering, rendered] =
  snippetsOf('docs/parts.md');

let served: Served;
let written: unknown[];

beforeEach(() => {
  served = new Served();
  written = [];
});

afterEach(endServed);

const write = async (what: unknown): Promise<void> => {
  written.push(what);
};

/** Runs a block of the page, with what its reader's program has. */
async function run(block: Snippet | undefined, given: Readonly<Record<string, unknown>>): Promise<void> {
  const { code, place } = block!;
  const lines = code.split('\n');
  const imports = lines.filter((line) => line.startsWith('import '));
  const rest = lines.filter((line) => !line.startsWith('import '));
  const all = {
    write,
    disk: { write },
    console: { log: (...what: unknown[]) => written.push(...what) },
    ...given,
  };
  const body = `export async function run({ ${Object.keys(all).join(', ')} }) {\n${rest.join('\n')}\n}`;
  const module = { exports: {} as { run(given: object): Promise<void> } };
  const required = (name: string): unknown => (name === 'nnrp-rx' ? nnrp : jest.requireActual(name));
  const stripped = strip([...imports, body].join('\n'), place).code;
  (compileFunction(stripped, ['module', 'require']) as (...given: unknown[]) => void)(module, required);
  await module.exports.run(all);
}

describe('the page of parts', () => {
  it('answers with several, and reads them', async () => {
    const model = {
      async *stream(prompt: string) {
        yield* prompt.split(' ');
      },
    };
    await run(answering, { server: served.server, model, speech: async () => text('spout') });
    await run(reading, { session: await served.open() });
    expect(written).toEqual([{ step: 'listening' }, 'Call', 'me', 'Ishmael.', text('spout'), 12, 'stop']);
  });

  it('asks with several', async () => {
    const asked = firstValueFrom(served.server.sessions$).then((session) => {
      session.respond(({ parts }) => parts.map(({ kind }) => kind).join());
    });
    await run(
      { ...asking!, code: `${asking!.code}\nconsole.log(text);` },
      { session: await served.open(), recording: text('song') },
    );
    await asked;
    expect(written).toEqual(['text,audio']);
  });

  it('checks values at both ends', async () => {
    await run(checkingServer, { server: served.server });
    const session = await served.open();
    await run(checkingClient, { session });
    await until(() => written.length > 1, 'the report');
    await expect(session.submit(encodeParts([{ kind: 'event', value: {} }])).whole()).rejects.toMatchObject({
      status: 400,
      text: expect.stringMatching(/^city: /) as string,
    });
    expect(written).toEqual(['Nantucket', 9]);
  });

  it('sends a tensor, and reads it', async () => {
    await run(rendering, { server: served.server });
    const session = await served.open();
    await run(rendered, { session });
    await until(() => written.length > 2, 'the tensor');
    expect(written).toEqual([1, 1, [0]]);
  });
});
