/** Whether this is the shortened set, `npm run test:hostile:short`. */
export const isShort = process.env['HOSTILE_SCALE'] === 'short';

/** A count or a time: the whole of it, or what the shortened set makes do with. */
export function scaled(full: number, short: number): number {
  return isShort ? short : full;
}

/** When a test of counts hangs, in milliseconds: a slow machine takes more than ten minutes for the whole of one. */
export const HANGS_MS = 1_800_000;
