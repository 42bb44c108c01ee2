import { execFile } from 'node:child_process';
import { join } from 'node:path';

export const repository = join(__dirname, '../..');

/**
 * Runs a program to its end and gives what it printed. A failure carries all of it, as a failing check
 * is only worth something with its report.
 */
export function run(program: string, args: readonly string[], cwd = repository): Promise<string> {
  // Started by `npm run`, this process has npm's view of this repository in its environment; a second
  // npm would take it for its own.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(package|lifecycle|config_local_prefix)/.test(name),
    ),
  );
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd, env, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${program} ${args.join(' ')} failed in ${cwd}\n${stdout}\n${stderr}`));
    });
  });
}

/** Runs a program of node_modules/.bin with the Node that runs this. */
export function runTool(name: string, args: readonly string[], cwd = repository): Promise<string> {
  return run(join(repository, 'node_modules/.bin', name), args, cwd);
}
