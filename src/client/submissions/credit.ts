/** How many operations a session may have in flight, and has. */
export interface Credit {
  /** Operations. */
  readonly granted: number;
  /** Operations. */
  readonly inFlight: number;
  /** Submits that wait for credit. */
  readonly waiting: number;
}
