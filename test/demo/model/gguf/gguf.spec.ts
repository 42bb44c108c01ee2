import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { from, lastValueFrom, take, toArray } from 'rxjs';
import { ByteBpe } from '../../../../demo/model/gguf/byte-bpe';
import { floatsOf, half } from '../../../../demo/model/gguf/floats';
import { GgufChat } from '../../../../demo/model/gguf/gguf-chat';
import { parseGguf, readGguf } from '../../../../demo/model/gguf/gguf-file';
import { ggufModel } from '../../../../demo/model/gguf/gguf-model';
import { Transformer } from '../../../../demo/model/gguf/transformer';
import { f32, ggufOf } from './gguf-writer';
import { tinyModel } from './tiny-model';

const folder = mkdtempSync(join(tmpdir(), 'nnrp-rx-gguf-'));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function written(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

describe('a GGUF file', () => {
  it('has metadata, and tensors where it says', () => {
    const tensors = [
      { name: 'one', shape: [2, 2], type: 0, bytes: f32([1, 2, 3, 4]) },
      { name: 'two', shape: [1], type: 0, bytes: f32([5]) },
    ];
    const { metadata, tensors: read } = parseGguf(ggufOf({ a: 'b', n: 7, x: 0.5, l: ['c', 'd'] }, tensors));
    expect(Object.fromEntries(metadata)).toEqual({ a: 'b', n: 7, x: 0.5, l: ['c', 'd'] });
    expect([...read.values()].map((tensor) => [...floatsOf(tensor)])).toEqual([[1, 2, 3, 4], [5]]);
  });

  it('is refused in words where it is none', () => {
    const right = tinyModel();
    const old = Buffer.from(right);
    old.writeUInt32LE(1, 4);
    for (const [name, bytes, why] of [
      ['text', Buffer.from('no model at all'), 'it is no GGUF file'],
      ['old', old, 'it is GGUF of version 1, not 2 or 3'],
      ['short', right.subarray(0, 100), 'it ends too early'],
    ] as const) {
      const path = written(name, bytes);
      expect(() => readGguf(path)).toThrow(`${path} is no model that this demo can run: ${why}`);
    }
  });

  it('has numbers in halves, and in blocks of 4 and 8 bits', () => {
    expect([0x3c00, 0xc000, 0x0001, 0x3555, 0x7c00].map(half)).toEqual([
      1,
      -2,
      2 ** -24,
      0.333251953125,
      Infinity,
    ]);
    const block = (type: number, head: readonly number[], each: number, count: number): number[] => {
      const bytes = Uint8Array.from([...head, ...Array<number>(count).fill(each)]);
      return [...floatsOf({ name: 'it', type, count: 32, bytes })];
    };
    // Scales of 0.5, 2 and 0.25; a least of 1.
    const both = (low: number, high: number): number[] => [
      ...Array<number>(16).fill(low),
      ...Array<number>(16).fill(high),
    ];
    expect(block(2, [0x00, 0x38], 0x21, 16)).toEqual(both(-3.5, -3));
    expect(block(3, [0x00, 0x40, 0x00, 0x3c], 0x21, 16)).toEqual(both(3, 5));
    expect(block(8, [0x00, 0x34], 0xfc, 32)).toEqual(both(-1, -1));
    const unknown = { name: 'it', type: 12, count: 1, bytes: new Uint8Array() };
    expect(() => floatsOf(unknown)).toThrow('of ggml type 12, and not of one of F32, F16, Q4_0, Q4_1, Q8_0');
  });
});

describe('pairs of bytes', () => {
  const tokens = ['h', 'e', 'l', 'o', 'Ġ', '1', 'he', 'll', 'hell', 'Ġhe', 'Ã', '©', 'Ċ'];
  const bpe = new ByteBpe({ tokens, merges: ['h e', 'l l', 'he ll', 'Ġ he'] });

  it.each([
    ['hello', [8, 3]],
    // What is merged first is first in the list, and not in the text; a digit stands alone.
    ['hello hell', [8, 3, 4, 8]],
    ['he  he', [6, 4, 9]],
    ['11', [5, 5]],
    ['é\n', [10, 11, 12]],
  ])('%j is a known list, and back again', (text, ids) => {
    expect(bpe.encode(text)).toEqual(ids);
    expect(Buffer.concat(ids.map((id) => bpe.bytes(id))).toString()).toBe(text);
  });
});

describe('a transformer', () => {
  // By the formulas, written down once more in Python.
  const KNOWN = [0.05741, -0.07373, -0.17177, -0.19271, -0.12715, -0.00452, 0.12015, 0.19088];

  it('says what the formulas say, also from where another cache is', () => {
    const model = new Transformer(parseGguf(tinyModel()));
    const first = model.cache();
    model.next(3, first, 'nothing');
    const cache = model.cache(first);
    model.next(1, first);
    const logits = [1, 4].map((token) => model.next(token, cache)).at(-1)!;
    for (const [index, known] of KNOWN.entries()) expect(logits[index]).toBeCloseTo(known, 5);
  });

  it('is one of Llama’s kind, whole', () => {
    const other = parseGguf(tinyModel({ 'general.architecture': 'mamba' }));
    expect(() => new Transformer(other)).toThrow('it is a model of mamba, and not of llama');
    const deeper = parseGguf(tinyModel({ 'llama.block_count': 3 }));
    expect(() => new Transformer(deeper)).toThrow('it has no tensor blk.2.attn_norm.weight');
  });
});

describe('a model of a GGUF file', () => {
  const answer = async (path: string, seed: number, maxTokens = 12): Promise<string[]> => {
    const model = await ggufModel(path);
    return lastValueFrom(from(model('ab', { seed, maxTokens })).pipe(toArray()));
  };

  it('answers in a thread of its own: as long as it may, the same for the same seed', async () => {
    const path = written('tiny.gguf', tinyModel());
    const pieces = await answer(path, 1);
    expect(pieces.length).toBeGreaterThan(0);
    expect(pieces.length).toBeLessThanOrEqual(12);
    expect(await answer(path, 1)).toEqual(pieces);
  }, 30_000);

  it('is shared by several, and left by whoever unsubscribes', async () => {
    const model = await ggufModel(written('shared.gguf', tinyModel()));
    const ask = (seed: number, count: number) =>
      lastValueFrom(from(model('ab', { seed, maxTokens: 8 })).pipe(take(count), toArray()), {
        defaultValue: [],
      });
    const [short, long] = await Promise.all([ask(1, 1), ask(1, 8)]);
    expect(long.slice(0, short.length)).toEqual(short);
  }, 30_000);

  it('lets a few answer at a time, and so many wait', async () => {
    const model = await ggufModel(written('busy.gguf', tinyModel()));
    const told = Array.from({ length: 70 }, () => {
      const answer$ = from(model('ab', { seed: 1, maxTokens: 2 }));
      return lastValueFrom(answer$.pipe(toArray())).catch((error: unknown) => error);
    });
    const answers = await Promise.all(told);
    const [first] = answers;
    expect(first).toBeInstanceOf(Array);
    expect(answers.slice(0, 68)).toEqual(Array(68).fill(first));
    expect(answers.slice(68)).toMatchObject(Array(2).fill({ status: 503 }));
  }, 30_000);

  it.each([
    ['characters', 4097],
    ['tokens', 300],
  ])(
    'says of a prompt that is too long how many %s it has',
    async (what, length) => {
      const model = await ggufModel(written('long.gguf', tinyModel()));
      const answer$ = from(model('a'.repeat(length), { seed: 1, maxTokens: 1 }));
      await expect(lastValueFrom(answer$)).rejects.toMatchObject({
        status: 413,
        text: expect.stringMatching(`^the prompt has \\d+ ${what}, more than`) as string,
      });
    },
    30_000,
  );

  it('takes no more of a prompt in that nobody waits for', async () => {
    const chat = new GgufChat(parseGguf(tinyModel()));
    const next = jest.spyOn(Transformer.prototype, 'next');
    const pieces: string[] = [];
    for await (const piece of chat.answer(
      'a'.repeat(50),
      { seed: 1, maxTokens: 9 },
      () => next.mock.calls.length < 3,
    ))
      pieces.push(piece);
    expect({ pieces, taken: next.mock.calls.length }).toEqual({ pieces: [], taken: 3 });
    next.mockRestore();
  });

  it('is told in words at its start where the file is none', async () => {
    const path = written('none.gguf', Buffer.from('nothing'));
    await expect(ggufModel(path)).rejects.toThrow(
      `${path} is no model that this demo can run: it is no GGUF file`,
    );
    const cut = written('cut.gguf', tinyModel().subarray(0, -64));
    await expect(ggufModel(cut)).rejects.toThrow(
      'the file ends before its tensor blk.1.ffn_down.weight does',
    );
    await expect(ggufModel(join(folder, 'is-not-there.gguf'))).rejects.toThrow('ENOENT');
  }, 30_000);
});
