import type { Role } from '../src/protocol/packet-checks';
import type { RuntimeError } from '../src/protocol/runtime-error';
import type { Packet } from '../src/wire/packet';
import { preview3 } from '../src/wire/preview3';
import type { Revision } from '../src/wire/revision';

/** Options of every operator of the pipeline. `Fault` is what it finds wrong with a packet. */
export interface PipelineOptions<Fault = RuntimeError> {
  /** Which end receives; errors name it. Default `DEFAULT_ROLE`. */
  readonly role?: Role;
  /** Whose table of messages it goes by, or who tells that of each packet. Default `DEFAULT_REVISION`. */
  readonly revision?: Revision | ((packet: Packet) => Revision);
  /**
   * Told of each packet that is at fault; the packet is dropped and the stream goes on. What it throws is an error
   * of the stream. Default: the first fault is the stream's error.
   */
  readonly onViolation?: (fault: Fault, packet: Packet) => void;
}

/** The revision of the messages where nobody says. */
export const DEFAULT_REVISION: Revision = preview3;

/** The receiver where nobody says: a `server`. */
export const DEFAULT_ROLE: Role = 'server';
