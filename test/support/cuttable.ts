import { BehaviorSubject, filter, switchMap, take, tap } from 'rxjs';
import type { ConnectEndpoint } from '../../src/transport/endpoint';
import type { Transport } from '../../src/transport/transport';

/** An endpoint whose connections can be cut from outside, without a word to either end. */
export interface CuttableEndpoint extends ConnectEndpoint {
  /** Every connection that was made, in order. */
  readonly transports: readonly Transport[];
  /** Cuts the newest connection. */
  cut(): void;
  /** Who connects from now on waits, until the function that this returns is called. */
  hold(): () => void;
  /** What this end sends over the newest connection from now on is lost, and nobody is told. */
  mute(): void;
}

export function cuttable(endpoint: ConnectEndpoint): CuttableEndpoint {
  const transports: Transport[] = [];
  const held = new BehaviorSubject(false);
  return {
    kind: endpoint.kind,
    url: endpoint.url,
    transports,
    connect: () =>
      held.pipe(
        filter((isHeld) => !isHeld),
        take(1),
        switchMap(() => endpoint.connect()),
        tap((transport) => {
          transports.push(transport);
        }),
      ),
    cut: () => {
      transports.at(-1)?.destroy();
    },
    hold: () => {
      held.next(true);
      return () => held.next(false);
    },
    mute: () => {
      transports.at(-1)!.send = () => undefined;
    },
  };
}
