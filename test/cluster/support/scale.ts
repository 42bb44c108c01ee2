/** Whether this is the whole set, `npm run test:cluster:full`. */
const isFull = process.env['CLUSTER_SCALE'] === 'full';

/** A count or a time: the whole of it, or what CI makes do with. */
export function scaled(full: number, short: number): number {
  return isFull ? full : short;
}
