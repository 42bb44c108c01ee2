import type { SocketTransportOptions } from '../../../src/transport/socket-options';
import { type Link } from '../support';

export interface Subject {
  /** Two ends of a fresh connection, which is closed after the test. */
  connect(options?: Partial<SocketTransportOptions>): Promise<Link>;
  /** What the other end hears when this one is destroyed: an end, or a fault of the network. */
  readonly heardOfDestroy: 'end' | 'io';
  /** What destroying the connected end comes to, where its platform knows no other end than a good one. Default: a cut. */
  readonly destroyingCloses?: true;
}

/** One of the two ends, which is tested, and how the other is called. */
export interface OneEnd extends Subject {
  readonly name: keyof Link;
  readonly other: keyof Link;
}
