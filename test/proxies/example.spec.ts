import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { programPath } from '../support/program-path';

describe('the proxy of the example of a cluster', () => {
  it('has a configuration that haproxy takes', () => {
    const path = join(__dirname, '../../examples/cluster/haproxy.cfg');
    expect(() => execFileSync(programPath('haproxy')!, ['-c', '-f', path], { stdio: 'pipe' })).not.toThrow();
  });
});
