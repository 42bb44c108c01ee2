import { memoryCluster } from '../../../src/cluster/memory-cluster';
import { clusterContract } from '../../support/cluster-contract';

describe('memoryCluster', () => {
  let cluster = memoryCluster({ log: true });
  beforeEach(() => {
    cluster = memoryCluster({ log: true });
  });

  clusterContract(() => cluster);
});
