import { readFileSync } from 'node:fs';
import * as wire from '../../src/wire';
import { NAMED_VALUES, WIRE_DOCS, wireDocs } from '../../scripts/wire-docs';
import { everyRecord } from '../support/arbitraries';

describe('docs/wire.md', () => {
  it('is what scripts/wire-docs.ts writes: run it after a change of src/wire', () => {
    expect(readFileSync(WIRE_DOCS, 'utf8')).toBe(wireDocs());
  });

  it.each(everyRecord)('has a row for every field and reserved place of %s', (name, { definition }) => {
    const section = wireDocs()
      .split(`\n### ${name}\n`)[1]!
      .split(/\n##+ /)[0]!;
    for (const [field, { offset, width, kind }] of Object.entries(definition.fields)) {
      const type = `${kind === 'signed' ? 'i' : 'u'}${8 * width}`;
      expect(section).toMatch(new RegExp(`^\\| ${offset} +\\| \`${field}\` +\\| ${type} `, 'm'));
    }
    for (const { offset, width } of Object.values(definition.reserved ?? {})) {
      expect(section).toMatch(new RegExp(`^\\| ${offset} +\\| +\\| u${8 * width} +\\| reserved, 0 `, 'm'));
    }
  });

  it('says what the rules say', () => {
    const submit = wireDocs().split('\n### FrameSubmitMetadata\n')[1]!;
    expect(submit).toContain('- non-tensor FRAME_SUBMIT must clear tensor tile fields\n');
  });
});

describe('the names of bits', () => {
  const byRecord = new Map(everyRecord);

  it.each(Object.entries(NAMED_VALUES))('%s are those of %s', (path, exported) => {
    const [record = '', name = ''] = path.split('.');
    const field = byRecord.get(record)!.definition.fields[name]!;
    const values: readonly number[] = Object.values(wire[exported]);
    if (field.kind === 'mask') expect(values.reduce((bits, bit) => bits | bit, 0)).toBe(field.allowed);
    else expect(Math.max(...values)).toBeLessThan(2 ** (8 * field.width));
  });
});
