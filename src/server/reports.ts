import { Subject } from 'rxjs';
import type { RuntimeError } from '../protocol/runtime-error';
import type { PeerName } from '../transport/transport';
import type { CommonHeader } from '../wire/header';
import type { LimitTripped } from './limits/limit-tripped';

/** A peer did what the protocol forbids. */
export interface Violation {
  readonly error: RuntimeError;
  readonly peer: PeerName;
  /** Of the packet at fault; undefined where it was the connection itself. */
  readonly header: CommonHeader | undefined;
}

/** Reports of a server, from wherever they come. */
export class ServerReports {
  readonly violations = new Subject<Violation>();
  /** Which peer has met which of the server's limits. */
  readonly limits = new Subject<LimitTripped>();
  /** Failures of the application's own code, or of this library's. */
  readonly failures = new Subject<RuntimeError>();

  complete(): void {
    this.violations.complete();
    this.limits.complete();
    this.failures.complete();
  }
}
