import { tap } from 'rxjs';
import type { ConnectEndpoint } from '../../src/transport/endpoint';
import type { Transport } from '../../src/transport/transport';

/** An endpoint whose connections can be cut from outside, without a word to either end. */
export interface CuttableEndpoint extends ConnectEndpoint {
  /** Every connection that was made, in order. */
  readonly transports: readonly Transport[];
  /** Cuts the newest connection. */
  cut(): void;
  /** What this end sends over the newest connection from now on is lost, and nobody is told. */
  mute(): void;
}

export function cuttable(endpoint: ConnectEndpoint): CuttableEndpoint {
  const transports: Transport[] = [];
  return {
    kind: endpoint.kind,
    url: endpoint.url,
    transports,
    connect: () =>
      endpoint.connect().pipe(
        tap((transport) => {
          transports.push(transport);
        }),
      ),
    cut: () => {
      transports.at(-1)?.destroy();
    },
    mute: () => {
      transports.at(-1)!.send = () => undefined;
    },
  };
}
