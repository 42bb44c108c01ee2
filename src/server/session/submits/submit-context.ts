import type { CachedObject } from '../../../protocol/cache/object-cache';
import type { WireRecord } from '../../../wire/codec/record';
import type { FrameSubmitMetadata } from '../../../wire/messages/frame-submit';

/** What a submit is made of besides its packet, whose metadata were checked. */
export interface SubmitContext {
  /** Of its metadata. Default: that of preview3. */
  readonly record?: WireRecord<FrameSubmitMetadata>;
  /** The cached objects that it refers to, in the order of its references. */
  readonly objects: readonly CachedObject[];
  /** When it came; milliseconds of the server's scheduler (default: of `monotonicScheduler`). */
  readonly arrivedAt: number;
  /** As `arrivedAt`; Infinity for none. */
  readonly deadline: number;
}
