import { tell, usage } from '../harness/program';
import type { Latency } from './latency';
import type { LoadParameters } from './parameters';

/** Times that a load which is not warm yet is given a quarter of its time again. */
const MAX_LOOKS = 12;

/** Says that a load that runs already is warm, and later what it found. */
export function timePhases(latency: Latency, { warmMs, warmBy, runMs }: LoadParameters): void {
  const { cpu } = usage();
  let looks = 0;
  const begin = (): void => {
    looks += 1;
    if (warmBy === 'cpu' && usage().cpu - cpu < warmMs * 800 && looks < MAX_LOOKS) {
      setTimeout(begin, warmMs / 4);
      return;
    }
    latency.start();
    tell({ warm: true });
    const end = (): void => {
      // On a machine that is busy with others, a short run may see nothing come back.
      if (latency.isEmpty) setTimeout(end, runMs);
      else tell(latency.result());
    };
    setTimeout(end, runMs);
  };
  setTimeout(begin, warmMs);
}
