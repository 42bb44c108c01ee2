import { join } from 'node:path';
import { cargoBuild } from '../support/cargo-build';
import { installPython } from './preview4/python/install';

/** The reference of each revision, which are different versions of the same crates. */
const PROJECTS = ['rust', 'preview4/rust'];

/** Jest's global setup: builds the Rust peers, installs nnrp-py. What cannot be had fails the run; nothing is skipped. */
function buildPeers(): void {
  for (const project of PROJECTS) cargoBuild(join(__dirname, project));
  installPython();
}

export = buildPeers;
