import { onRun, tell } from '../harness/program';
import type { Latency } from './latency';
import type { LoadParameters } from './parameters';

/** What keeps a server busy while a run lasts, and leaves it alone between two. */
export interface Runnable {
  /** Fills the window, and keeps it full. */
  begin(): void;
  /** Sends nothing more; resolves once all that was sent is answered. */
  rest(): Promise<void>;
}

/**
 * Says that a load is ready. Each time that it is asked to run, it says that it is warm, then what it
 * found, then that it rests.
 */
export function runWhenAsked(load: Runnable, latency: Latency, { warmMs, runMs }: LoadParameters): void {
  const end = (): void => {
    // On a machine that is busy with others, a short run may see nothing come back.
    if (latency.isEmpty) {
      setTimeout(end, runMs);
      return;
    }
    tell(latency.result());
    void load.rest().then(() => {
      tell({ rests: true });
    });
  };
  onRun(() => {
    load.begin();
    setTimeout(() => {
      latency.start();
      tell({ warm: true });
      setTimeout(end, runMs);
    }, warmMs);
  });
  tell({ ready: true });
}
