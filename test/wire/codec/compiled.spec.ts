import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { compileCodec } from '../../../src/wire/codec/compiled';
import { u8 } from '../../../src/wire/codec/fields';
import { preview3, preview4 } from '../../../src/wire';
import type * as wire from '../../../src/wire';
import { everyRecord } from '../../support/arbitraries';
import preview3Vectors from '../../vectors/records.json';
import preview4Vectors from '../../vectors/preview4/records.json';
import { describeCodec } from './codec-contract';

describe('the compiled codec', () => {
  describeCodec((definition) => compileCodec(definition)!);

  it.each(everyRecord)('compiles %s', (_, { definition }) => {
    expect(compileCodec(definition)).toBeDefined();
  });

  it('takes no layout whose names are not names', () => {
    expect(() => compileCodec({ name: 'Odd', length: 1, fields: { 'a-b': u8(0) } })).toThrow(SyntaxError);
  });
});

interface Vectors {
  readonly cases: readonly { readonly record: string; readonly hex: string; readonly error?: string }[];
}

/** What becomes of the reference's byte strings: what is accepted is written as it was read. */
function expectedOf(records: Readonly<Record<string, { length: number }>>, { cases }: Vectors): string[] {
  return cases.map(({ record, hex, error }) => error ?? hex.slice(0, 2 * records[record]!.length));
}

/** What a program prints in a process that may not make code of strings. */
function runWithoutGeneration(program: string): string {
  return execFileSync(process.execPath, ['--disallow-code-generation-from-strings', '-'], {
    input: program,
    encoding: 'utf8',
  });
}

describe('where generated code is forbidden', () => {
  it('the host throws an EvalError', () => {
    const attempt = "try { new Function('return 1'); } catch (error) { process.stdout.write(error.name); }";
    expect(runWithoutGeneration(attempt)).toBe('EvalError');
  });

  it('reads and writes every byte string of the reference all the same', () => {
    const { outputFiles } = buildSync({
      entryPoints: [join(__dirname, 'without-generated-code.ts')],
      bundle: true,
      platform: 'node',
      write: false,
    });
    const output = runWithoutGeneration(outputFiles[0]!.text);
    const { compiles, matches, outcomes } = JSON.parse(output) as {
      compiles: boolean;
      matches: boolean;
      outcomes: string[];
    };
    expect([compiles, matches]).toEqual([false, true]);
    const expected = [
      ...expectedOf(preview3.records, preview3Vectors),
      ...expectedOf(preview4.records, preview4Vectors),
    ];
    expect(outcomes).toEqual(expected);
  });

  it('asks the host once, not for every record', () => {
    const original = globalThis.Function;
    let attempts = 0;
    globalThis.Function = new Proxy(original, {
      construct() {
        attempts += 1;
        throw new EvalError('call to Function() blocked by CSP');
      },
    });
    try {
      jest.isolateModules(() => {
        const { CacheAckMetadata } = jest.requireActual<typeof wire>('../../../src/wire');
        const ack = CacheAckMetadata.of({ cacheKeyLo: 7 });
        expect(CacheAckMetadata.decode(CacheAckMetadata.encode(ack))).toEqual(ack);
      });
    } finally {
      globalThis.Function = original;
    }
    expect(attempts).toBe(1);
  });
});
