import { onRun, tell } from '../harness/program';
import type { InFlight } from './in-flight';
import type { Latency } from './latency';
import type { LoadParameters } from './parameters';

/**
 * Says that a load is ready. Each time that it is asked to run, it fills the window, which the load then
 * keeps full, and says that it is warm, what it found, and that it rests.
 */
export function runWhenAsked(
  fill: () => void,
  inFlight: InFlight,
  latency: Latency,
  { warmMs, runMs }: Pick<LoadParameters, 'warmMs' | 'runMs'>,
): void {
  const end = (): void => {
    // On a machine that is busy with others, a short run may see nothing come back.
    if (latency.isEmpty) {
      setTimeout(end, runMs);
      return;
    }
    tell(latency.result());
    void inFlight.rest().then(() => {
      tell({ rests: true });
    });
  };
  onRun(() => {
    inFlight.begin();
    fill();
    setTimeout(() => {
      latency.start();
      tell({ warm: true });
      setTimeout(end, runMs);
    }, warmMs);
  });
  tell({ ready: true });
}
