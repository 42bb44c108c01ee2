/** Where an operation, or the work that it makes, would best be done, as its client says: its handler may go by it. */
export interface RouteHint {
  /** A route that both ends have a number for. Default 0: none. */
  readonly routeId?: number;
  /** What is to do it: an `ExecutorClass` of `nnrp-rx/wire`, or a number of the application's. Default 0: unspecified. */
  readonly executorClass?: number;
  /** What it should be close to: an `AffinityClass`, or a number of the application's. Default 0: nothing. */
  readonly affinityClass?: number;
  /** Until when that is of use, in milliseconds since 1970. Default: Infinity, as long as the operation is under way. */
  readonly deadlineAt?: number;
  /**
   * Whether nothing else will do: a handler that cannot keep to it answers `submit.drop(DropReason.CapabilityMismatch)`.
   * Default false: as well as can be.
   */
  readonly mustHonor?: boolean;
  /** Bytes that the application says of it, 1,024 at most. Default none. */
  readonly body?: Uint8Array;
}
