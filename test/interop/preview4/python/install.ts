import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { installDebian } from '../../../support/install-debian';

/** An environment of its own, beside what cargo builds for the other peers. */
const ENVIRONMENT = join(__dirname, 'target');

/** The interpreter that has nnrp-py. */
export const PYTHON = join(
  ENVIRONMENT,
  ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']),
);

/** Installs nnrp-py as its requirements.txt names it. What cannot be installed fails the run; nothing is skipped. */
export function installPython(): void {
  // Debian's Python comes without what makes environments.
  if (!made()) installDebian('python3-venv');
  if (!made())
    throw new Error('the interop tests need Python 3.11 or later, with its venv: https://python.org');
  const requirements = join(__dirname, 'requirements.txt');
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--requirement',
    requirements,
  ];
  if (!succeeds(PYTHON, pip)) throw new Error(`pip could not install ${requirements}; what it said is above`);
}

/** Whether there is an environment; one that is there already stays as it is. */
function made(): boolean {
  return succeeds('python3', ['-m', 'venv', ENVIRONMENT]);
}

function succeeds(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: ['ignore', 2, 2] }).status === 0;
}
