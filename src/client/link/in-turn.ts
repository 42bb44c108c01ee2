import type { ConnectEndpoint } from '../../transport/endpoint';

/** The endpoints in the order in which they are tried: one that comes first, then the others as chance has them. */
export function inTurn(
  endpoints: readonly ConnectEndpoint[],
  first: ConnectEndpoint | undefined,
  random: () => number,
): ConnectEndpoint[] {
  const others = endpoints.filter((endpoint) => endpoint !== first);
  for (let last = others.length - 1; last > 0; last -= 1) {
    const at = Math.min(last, Math.floor(random() * (last + 1)));
    [others[at], others[last]] = [others[last]!, others[at]!];
  }
  return first === undefined ? others : [first, ...others];
}
