import { memoryCluster } from '../../../src/cluster/memory-cluster';
import { clusterContract } from '../../support/cluster-contract';

describe('memoryCluster', () => {
  let cluster = memoryCluster();
  beforeEach(() => {
    cluster = memoryCluster();
  });

  clusterContract(() => cluster);
});
