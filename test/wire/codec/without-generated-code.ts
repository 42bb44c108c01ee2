import { NnrpError, records, type WireRecord } from '../../../src/wire';
import { compileCodec } from '../../../src/wire/codec/compiled';
import vectors from '../../vectors/records.json';
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

const table = records as unknown as Readonly<Record<string, WireRecord<unknown>>>;

process.stdout.write(
  JSON.stringify({
    compiles: compileCodec(records.CommonHeader.definition) !== undefined,
    outcomes: vectors.cases.map(({ record, hex }) => outcome(table[record]!, fromHex(hex))),
  }),
);
