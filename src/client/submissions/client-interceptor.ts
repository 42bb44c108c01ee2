import type { Interceptor } from '../../../operators/application/responding/interceptor';
import type { ResultPush } from '../../protocol/operation/result';
import type { OperationTimings } from './stopwatch';
import type { SubmitRequest } from './submission';

/** A submit, as interceptors have it. */
export interface ClientOperation {
  readonly sessionId: number;
  /** 0 until it is sent. */
  readonly frameId: number;
  /** What is asked for. */
  readonly request: SubmitRequest;
  /** How long it takes, so far. */
  readonly timings: OperationTimings;
  /**
   * The same operation with other fields of its request. Throws as `session.submit` does.
   *
   * @example
   * next(operation.with({ traceId: 0x00f067aa0ba902b7n }));
   */
  with(changes: SubmitRequest): ClientOperation;
}

/** What is done around each submit of a client. */
export type ClientInterceptor = Interceptor<ClientOperation, ResultPush>;
