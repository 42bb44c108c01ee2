import type { SchedulerLike } from 'rxjs';
import { scheduleIn } from '../../transport/time/schedule-in';
import type { Transport } from '../../transport/transport';

/** Milliseconds that a peer has to take in why it is cut off. It has shown what it does with more. */
const LAST_WORD_MS = 500;

/** Sends what is queued, and ends the transport. */
export async function closeTransport(transport: Transport): Promise<void> {
  try {
    await transport.close();
  } catch {
    // A transport of somebody else's that cannot close is gone, too.
    transport.destroy();
  }
}

/** {@link closeTransport} for a peer that is cut off: it gets no longer for its last word than it needs. */
export async function closeSoon(transport: Transport, scheduler: SchedulerLike): Promise<void> {
  const closed = closeTransport(transport);
  const patience = scheduleIn(scheduler, LAST_WORD_MS, () => {
    transport.destroy();
  });
  await closed;
  patience.unsubscribe();
}
