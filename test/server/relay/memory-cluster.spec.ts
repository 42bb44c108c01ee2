import { randomInt } from 'node:crypto';
import { asapScheduler } from 'rxjs';
import { Directory } from '../../../src/cluster/directory';
import { memoryCluster } from '../../../src/cluster/memory-cluster';
import { clusterContract } from '../../support/cluster-contract';

describe('memoryCluster', () => {
  let cluster = memoryCluster({ log: true });
  beforeEach(() => {
    cluster = memoryCluster({ log: true });
  });

  clusterContract(() => cluster);

  it('gives a node that starts over an emptied store other ids than those who have not said theirs again', async () => {
    const one = new Directory('one', cluster.join().store, asapScheduler, randomInt);
    const { first } = await one.reserveIds();
    cluster.forget();
    const other = new Directory('other', cluster.join().store, asapScheduler, randomInt);
    expect((await other.reserveIds()).first).not.toBe(first);
    await Promise.all([one.leave(), other.leave()]);
  });
});
