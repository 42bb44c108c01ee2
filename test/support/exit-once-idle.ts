/**
 * The last of a suite that runs in jest's own process: ends it once nothing is left for it to do. A suite that leaves
 * something open does not end, as before. Node 20 has been seen to stay for ever, all of a core taken, in what it cleans
 * up where its loop just comes to an end (`CleanupHandles`); `exit` cleans nothing up.
 */
export default function exitOnceIdle(): void {
  process.once('beforeExit', () => process.exit());
}
