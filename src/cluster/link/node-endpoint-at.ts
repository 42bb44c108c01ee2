import type { ConnectEndpoint } from '../../transport/endpoint';
import { tcp } from '../../transport/tcp/tcp';
import { unixSocket } from '../../transport/tcp/unix-socket';

/** A node by the address that it has told. Throws a `RangeError` where it is of no kind that needs no more than that. */
export function nodeEndpointAt(address: string): ConnectEndpoint {
  if (address.startsWith('unix:')) return unixSocket({ path: address.slice('unix:'.length) });
  const { protocol, hostname, port } = new URL(address);
  if (protocol !== 'tcp:') {
    throw new RangeError(
      `a node of the cluster is at ${address}; say by the option connect how such an address is reached`,
    );
  }
  return tcp({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) });
}
