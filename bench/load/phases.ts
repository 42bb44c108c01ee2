import { tell } from '../harness/program';
import type { Latency } from './latency';
import type { LoadParameters } from './parameters';

/** Says that a load that runs already is warm, and later what it found. */
export function timePhases(latency: Latency, { warmMs, runMs }: LoadParameters): void {
  setTimeout(() => {
    latency.start();
    tell({ warm: true });
    const end = (): void => {
      // On a machine that is busy with others, a short run may see nothing come back.
      if (latency.isEmpty) setTimeout(end, runMs);
      else tell(latency.result());
    };
    setTimeout(end, runMs);
  }, warmMs);
}
