import { comparePackets, matches } from '../matching/compare-packets';
import { deepEqual } from '../matching/deep-equal';
import { describePacket } from '../matching/describe-packet';
import { describeValue } from '../matching/describe-value';
import type { Packet } from '../../wire/packet';
import type { ValueKind } from './moment';

/** Packets, compared field by field. */
export const PACKETS: ValueKind<Packet> = {
  same: matches,
  describe: describePacket,
  differences: (expected, actual) => {
    // Two packets of different types have nothing else in common: their descriptions say it all.
    if (expected.header.messageType !== actual.header.messageType) return [];
    return comparePackets(expected, actual).map(
      ({ path, expected: wanted, actual: came }) => `${path}: expected ${wanted}, got ${came}`,
    );
  },
};

/** Anything that an Observable emits. */
export const VALUES: ValueKind<unknown> = {
  same: deepEqual,
  describe: (value) => describeValue(value),
  differences: () => [],
};
