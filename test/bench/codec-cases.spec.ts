import {
  CODEC_CASES,
  codecCase,
  kept,
  PACKETS,
  type CodecCase,
  type CodecSide,
} from '../../bench/codec/cases';

function outcomeOf(which: CodecCase, side: CodecSide): unknown {
  kept.value = undefined;
  codecCase(which, side)();
  return kept.value;
}

describe('the cases of the codec', () => {
  it.each(CODEC_CASES)('%s: the minimum does the same work', (which) => {
    const ours = outcomeOf(which, 'nnrp-rx');
    expect(ours).toBeDefined();
    expect(outcomeOf(which, 'DataView')).toEqual(ours);
  });

  it('cuts as many packets as it says', () => {
    expect(outcomeOf('cut a stream into packets', 'nnrp-rx')).toHaveLength(PACKETS);
  });
});
