import { getHeapStatistics } from 'node:v8';

/** Bytes that `action` allocates, on the heap and outside of it; by the least of a few runs. */
export function allocatedBy(action: () => void): number {
  let least = Infinity;
  // A garbage collection in between makes a run useless, and what a first run compiles is nobody's.
  for (let run = 0; run < 3; run++) {
    const before = heldBytes();
    action();
    const after = heldBytes();
    if (after >= before) least = Math.min(least, after - before);
  }
  return least;
}

function heldBytes(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}
