import { enumU8 } from '../codec/fields';
import { revised } from '../codec/record';
import { BackpressureLevel, FlowUpdateMetadata as Preview3FlowUpdateMetadata } from '../messages/flow-update';

/** FLOW_UPDATE of preview4, which may also say that a scope is paused. */
export const FlowUpdateMetadata = revised(Preview3FlowUpdateMetadata, {
  fields: { backpressureLevel: enumU8(2, BackpressureLevel) },
});
