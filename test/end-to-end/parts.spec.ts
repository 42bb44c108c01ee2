import { firstValueFrom, toArray, noop } from 'rxjs';
import {
  check,
  encodeParts,
  encodeTensor,
  decodeTensor,
  type Part,
  type StandardSchema,
  type Submit,
} from '../../src';
import { CacheObjectKind, decodeTensorSections, encodeTensorSections } from '../../src/wire';
import type { Answers } from '../../operators/application/respond-to-submits';
import { vendors } from '../operators/application/schema/vendors';
import { text } from '../support/packets';
import { endServed, Served } from '../support/served';

afterEach(endServed);

const tiles = [text('ab'), text('cd')];

async function served(
  handler: (submit: Submit) => Answers | PromiseLike<Answers>,
  revision: 'preview3' | 'preview4',
) {
  const of = new Served({ supportedCacheObjects: [CacheObjectKind.TensorSectionTable] });
  of.server.sessions$.subscribe((session) => session.respond(handler));
  return { of, session: await of.open({}, { revision }) };
}

function all(parts$: AsyncIterable<Part>): Promise<Part[]> {
  return (async () => {
    const parts: Part[] = [];
    for await (const part of parts$) parts.push(part);
    return parts;
  })();
}

describe.each(['preview3', 'preview4'] as const)('in %s', (revision) => {
  it('an answer of parts of every kind comes in order, to a subscriber and to a loop', async () => {
    const tensor = encodeTensor({ sections: [{ dtypeId: 1, tiles }], tileIds: [4, 9] });
    const { session } = await served(function* () {
      yield 'Thar she ';
      yield { kind: 'text', text: 'blows' };
      yield { kind: 'event', value: { whale: [1, null] } };
      yield { kind: 'tool', value: 'harpoon' };
      yield { kind: 'audio', bytes: text('spout') };
      yield { kind: 'video', bytes: text('fluke') };
      yield { kind: 'bytes', bytes: text('oil') };
      yield tensor;
      yield { kind: 'summary', usage: { inputTokens: 1, outputTokens: 2 }, finishReason: 'stop' };
    }, revision);
    const answer = session.submit({ body: '?' });
    const parts = await all(answer.parts$);
    expect(parts.slice(0, 7)).toEqual([
      { kind: 'text', text: 'Thar she ' },
      { kind: 'text', text: 'blows' },
      { kind: 'event', value: { whale: [1, null] } },
      { kind: 'tool', value: 'harpoon' },
      { kind: 'audio', bytes: text('spout') },
      { kind: 'video', bytes: text('fluke') },
      { kind: 'bytes', bytes: text('oil') },
    ]);
    expect(decodeTensor(parts[7] as never)).toEqual(decodeTensor(tensor));
    expect(parts[8]).toEqual({
      kind: 'summary',
      usage: { inputTokens: 1, outputTokens: 2 },
      finishReason: 'stop',
    });
    expect(await firstValueFrom(answer.parts$.pipe(toArray()))).toEqual(parts);
    expect(await answer.whole()).toMatchObject({ text: 'Thar she blows', finishReason: 'stop' });
  });

  it('a question of several parts is what its handler has', async () => {
    const asked: Part[][] = [];
    const { session } = await served((submit) => {
      asked.push([...submit.parts]);
      return submit.text;
    }, revision);
    const parts = [
      { kind: 'text', text: 'What is ' },
      { kind: 'audio', bytes: text('spout') },
      { kind: 'event', value: { of: 1 } },
      { kind: 'text', text: 'this?' },
    ] as const;
    expect((await session.submit(encodeParts(parts)).whole()).text).toBe('What is this?');
    expect((await session.submit(encodeParts([parts[1]])).whole()).text).toBe('');
    await session.submit({ body: 'plain' }).whole();
    expect(asked).toEqual([parts, [parts[1]], [{ kind: 'text', text: 'plain' }]]);
  });

  it('tiles go up, and refer to sections that are cached', async () => {
    const { session } = await served((submit) => {
      const [part] = submit.parts;
      const cached = submit.objects.flatMap(({ bytes }) => decodeTensorSections(bytes));
      const { sections } = part?.kind === 'tensor' ? decodeTensor(part) : { sections: [] };
      return [...sections, ...cached].map((section) => Buffer.concat(section.tiles).toString()).join();
    }, revision);
    const tensor = encodeTensor({ sections: [{ tiles }] });
    expect((await session.submit(encodeParts([tensor])).whole()).text).toBe('abcd');

    const id = {
      cacheNamespace: 1,
      cacheKeyHi: 0,
      cacheKeyLo: 7,
      objectKind: CacheObjectKind.TensorSectionTable,
    };
    const section = {
      roleId: 0,
      codecId: 0,
      dtypeId: 0,
      layoutId: 0,
      scalePolicy: 0,
      elementCountPerTile: 2,
    };
    await session.cachePut({ ...id, ttlMs: 60_000 }, encodeTensorSections([{ ...section, tiles }]));
    const { revision: spoken } = session;
    const reference = encodeParts([], { references: [id], revision: spoken });
    expect((await session.submit(reference).whole()).text).toBe('abcd');
  });

  it.each(Object.entries(vendors))('a value is checked at both ends, by %s', async (_, schema) => {
    const { of, session } = await served(async (submit) => {
      const { ship, latitude } = await submit.json(schema);
      return { kind: 'event', value: { ship, latitude: String(latitude + 1) } };
    }, revision);
    const question = { ship: 'Pequod', latitude: '41' };
    for (const asked of [
      encodeParts([{ kind: 'event', value: question }]),
      { body: JSON.stringify(question) },
    ]) {
      const [part] = await all(session.submit(asked).parts$);
      const { latitude } = await check(schema, part?.kind === 'event' && part.value);
      expect(latitude).toBe(42);
    }
    for (const body of ['{"ship":1,"latitude":"1"}', '{']) {
      const error = { status: 400, text: expect.stringMatching(/^ship: |no JSON/) as string };
      await expect(session.submit({ body }).whole()).rejects.toMatchObject(error);
    }
    expect(of.failures).toEqual([]);
  });

  it('a schema of the server that hangs or throws costs its operation alone', async () => {
    const schemaOf = (validate: () => never): StandardSchema => ({
      '~standard': { version: 1, vendor: 'test', validate },
    });
    const hanging = schemaOf(() => new Promise<never>(noop) as never);
    const throwing = schemaOf(() => {
      throw new Error('of its own');
    });
    const { of, session } = await served(async (submit) => {
      const schema = submit.text === '1' ? hanging : throwing;
      return { kind: 'event', value: await submit.json(schema, { timeoutMs: 20 }) };
    }, revision);
    for (const body of ['1', '2']) {
      await expect(session.submit({ body }).whole()).rejects.toMatchObject({ status: 500, text: '' });
    }
    expect(of.failures.map(({ message }) => message.replace(/^.*? failed: /, ''))).toEqual([
      'the schema has not decided within 20 ms',
      'the schema has failed: of its own',
    ]);
  });

  it.each([
    [{ kind: 'whale' }, /a part must be an object whose kind/],
    [
      { kind: 'event', value: undefined },
      /the value of an event must be a value that JSON has, got undefined/,
    ],
    [{ kind: 'audio', bytes: 'spout' }, /the bytes of a part must be a Uint8Array/],
    [{ kind: 'summary', usage: 7 }, /usage must be/],
  ])('a handler that answers with %j is told so', async (part, message) => {
    const { of, session } = await served(() => [part as never], revision);
    await expect(session.submit({ body: '?' }).whole()).rejects.toMatchObject({ status: 500 });
    expect(of.failures.map(String)).toEqual([expect.stringMatching(message)]);
  });
});

it('a part alone is an answer', async () => {
  const { session } = await served(() => ({ kind: 'event', value: 1 }), 'preview4');
  expect(await all(session.submit({ body: '?' }).parts$)).toEqual([{ kind: 'event', value: 1 }]);
});
