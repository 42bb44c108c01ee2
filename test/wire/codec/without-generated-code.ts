import { NnrpError, preview3, preview4, type WireRecord } from '../../../src/wire';
import { compileCodec } from '../../../src/wire/codec/compiled';
import { matcherOf } from '../../../src/wire/codec/pattern';
import preview3Vectors from '../../vectors/records.json';
import preview4Vectors from '../../vectors/preview4/records.json';
import { fromHex, toHex } from '../../support/hex';

// Run by compiled.spec.ts in a process that may not generate code: what becomes there of each byte
// string of the reference, as JSON on the standard output.

function outcome(codec: WireRecord<unknown>, bytes: Uint8Array): string {
  try {
    return toHex(codec.encode(codec.decode(bytes)));
  } catch (error) {
    return error instanceof NnrpError ? error.kind : String(error);
  }
}

function outcomes(
  records: Readonly<Record<string, WireRecord<unknown>>>,
  { cases }: { readonly cases: readonly { readonly record: string; readonly hex: string }[] },
): string[] {
  return cases.map(({ record, hex }) => outcome(records[record]!, fromHex(hex)));
}

process.stdout.write(
  JSON.stringify({
    compiles: compileCodec(preview3.records.CommonHeader.definition) !== undefined,
    matches: matcherOf(Uint8Array.of(1, 2))(Uint8Array.of(1, 2, 3)),
    outcomes: [
      ...outcomes(preview3.records, preview3Vectors),
      ...outcomes(preview4.records, preview4Vectors),
    ],
  }),
);
