import type { Bench } from '../harness/bench';
import { client } from './client';
import { codec } from './codec';
import { growth } from './growth';
import { memory } from './memory';
import { paced } from './paced';
import { preview4 } from './preview4';
import { streaming } from './streaming';
import { tokenClients } from './token-clients';
import { tokens } from './tokens';
import { throughput } from './throughput';
import { ways } from './ways';

/** Everything that `npm run bench` measures, in this order. */
export const benches: readonly Bench[] = [
  ...throughput,
  ...streaming,
  ...tokens,
  paced,
  ...tokenClients,
  ...ways,
  ...client,
  ...codec,
  ...memory,
  ...growth,
  ...preview4,
];
