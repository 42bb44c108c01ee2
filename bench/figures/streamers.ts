import type { ProgramStart } from '../harness/child';
import type { Figure, Target } from '../harness/figure';
import { ratios, spread } from '../harness/statistics';
import type { TokensParameters } from '../load/parameters';
import type { TokenPeer, TokenRun } from '../peers/tokens/model';

/** A server that streams tokens, and how it is asked. */
export interface Streamer {
  readonly name: string;
  readonly file: string;
  readonly parameters?: object;
  readonly protocol: TokensParameters['protocol'];
}

export const BARE: Streamer = { name: 'bare socket', file: 'peers/tokens/bare', protocol: 'nnrp' };
export const WS: Streamer = { name: 'ws + JSON', file: 'peers/tokens/ws', protocol: 'ws' };
export const SSE: Streamer = { name: 'SSE, node:http', file: 'peers/tokens/sse', protocol: 'sse' };
export const GRPC: Streamer = { name: 'grpc-js', file: 'peers/tokens/grpc', protocol: 'grpc' };
export const SOCKET_IO: Streamer = {
  name: 'socket.io',
  file: 'peers/tokens/socket-io',
  protocol: 'socket.io',
};
export const BYTES: Streamer = {
  name: 'nnrp-rx bytes',
  file: 'peers/tokens/nnrp',
  parameters: { transport: 'tcp', parts: 'bytes' },
  protocol: 'nnrp',
};
export const STRINGS: Streamer = {
  ...BYTES,
  name: 'nnrp-rx',
  parameters: { transport: 'tcp', parts: 'strings' },
};
export const STRINGS_PREVIEW4: Streamer = {
  ...STRINGS,
  name: 'nnrp-rx preview4',
  protocol: 'nnrp-preview4',
};
export const BARE_TLS: Streamer = {
  ...BARE,
  name: 'bare TLS socket',
  parameters: { transport: 'tls' },
  protocol: 'nnrp-tls',
};
export const STRINGS_TLS: Streamer = {
  ...BYTES,
  name: 'nnrp-rx TLS',
  parameters: { transport: 'tls', parts: 'strings' },
  protocol: 'nnrp-tls',
};
/** Of async generators, where the others have Observables. */
export const GENERATED: Streamer = {
  ...BYTES,
  name: 'nnrp-rx generators',
  parameters: { transport: 'tcp', parts: 'generated' },
};
export const STRINGS_WS: Streamer = {
  ...BYTES,
  name: 'nnrp-rx ws',
  parameters: { transport: 'ws', parts: 'strings' },
  protocol: 'nnrp-ws',
};

/** A pair of streamers, and how many times the CPU of the other's token one of the first may be worth. */
export interface Pair {
  readonly subject: Streamer;
  readonly baseline: Streamer;
  readonly target?: Target;
}

/** What all runs of one streamer were, at the same places as those of the others. */
export type Runs = ReadonlyMap<Streamer, { readonly runs: TokenRun[]; readonly rss: number[] }>;

export function streamerStart({ file, parameters }: Streamer, asked: TokenPeer): ProgramStart {
  return { file, parameters: { ...asked, ...parameters } };
}

/** Microseconds of CPU a token. */
function costs(streamer: Streamer, all: Runs): number[] {
  return (all.get(streamer)?.runs ?? []).map((run) => run.cpu / Math.max(1, run.tokens));
}

export function cpuFigure(name: string, { subject, baseline, target }: Pair, all: Runs): Figure {
  const rates = (streamer: Streamer): number[] => costs(streamer, all).map((cpu) => 1e6 / cpu);
  return {
    family: 'tokens',
    name: `${name}: ${subject.name} over ${baseline.name}`,
    unit: 'token/s of CPU',
    subject: { name: subject.name, value: spread(rates(subject)), cpu: spread(costs(subject, all)) },
    baseline: { name: baseline.name, value: spread(rates(baseline)), cpu: spread(costs(baseline, all)) },
    ratio: ratios(rates(subject), rates(baseline)),
    target,
  };
}
