export { comparePackets, matches, type FieldDifference } from './compare-packets';
export { describePacket } from './describe-packet';
