import type { Bench } from '../harness/bench';
import { client } from './client';
import { growth } from './growth';
import { memory } from './memory';
import { throughput } from './throughput';

/** Everything that `npm run bench` measures, in this order. */
export const benches: readonly Bench[] = [...throughput, ...client, ...memory, ...growth];
