import { join } from 'node:path';
import { cargoBuild } from '../support/cargo-build';

/** Jest's global setup: builds what runs the suite's scenarios. */
function buildRunner(): void {
  cargoBuild(join(__dirname, 'rust'));
}

export = buildRunner;
