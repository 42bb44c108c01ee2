import { DEFAULT_SERVER_LIMITS, type ServerLimits } from '../../../src';

/** No limit at all: for tests of what a server does with a peer that any limit would end. */
export const UNLIMITED: ServerLimits = {
  ...DEFAULT_SERVER_LIMITS,
  ...(Object.fromEntries(
    Object.entries(DEFAULT_SERVER_LIMITS).map(([name, limit]: [string, unknown]) => [
      name,
      typeof limit === 'number' ? Infinity : { burst: Infinity, perSecond: 0 },
    ]),
  ) as Partial<ServerLimits>),
};
