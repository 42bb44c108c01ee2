import { partsOf } from '../../../src/protocol/content/parts/part-decoder';
import { decodeTensor } from '../../../src/protocol/content/parts/tensor';
import { FrameSubmitMetadata } from '../../../src/wire/preview4/frame-submit';
import { text } from '../../support/packets';
import vectors from '../../vectors/preview4/parts.json';

// Submits as the reference runtime, 1.0.0-preview.4.26, builds them.
const submits = vectors.map(({ name, metadata, body }) => ({
  name,
  metadata: FrameSubmitMetadata.decode(Buffer.from(metadata, 'hex')),
  body: new Uint8Array(Buffer.from(body, 'hex')),
}));

const TILE_IDS: Readonly<Record<string, readonly number[]>> = {
  dense: [5, 6],
  raw: [9, 300],
  delta: [9, 300],
  bitset: [1, 10],
};

describe('a submit of the reference runtime', () => {
  it.each(submits.filter(({ name }) => name in TILE_IDS))(
    'has a tensor with $name tile ids',
    ({ name, ...submit }) => {
      const [part] = partsOf(submit);
      const { tileIds, sections } = decodeTensor(part as never);
      const tiles = [Uint8Array.of(1, 2), Uint8Array.of(3)];
      const said = { codecId: 2, dtypeId: 3, layoutId: 4, scalePolicy: 5, elementCountPerTile: 16, tiles };
      expect(tileIds).toEqual(TILE_IDS[name]);
      expect(sections).toEqual([
        { roleId: 1, ...said },
        { roleId: 4, ...said, tileCodecIds: [2, 8], strideBytes: 4 },
      ]);
    },
  );

  it('has payloads of every kind, in order', () => {
    const mixed = submits.find(({ name }) => name === 'mixed')!;
    expect(partsOf(mixed)).toEqual([
      { kind: 'audio', bytes: text('song') },
      { kind: 'text', text: 'whale' },
      { kind: 'event', value: { a: 1 } },
      { kind: 'video', bytes: text('sea') },
      { kind: 'bytes', bytes: text('x') },
      { kind: 'tool', value: [] },
    ]);
  });
});
