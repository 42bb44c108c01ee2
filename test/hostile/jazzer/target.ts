import { examine } from '../bytes/oracle';

Error.stackTraceLimit = 5;

/** What Jazzer.js calls with bytes that it bred for the branches they reach; see scripts/fuzz.ts. */
export function fuzz(data: Buffer): void {
  examine(Uint8Array.from(data));
}
