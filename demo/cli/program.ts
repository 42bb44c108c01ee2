import { Command, type Option } from 'commander';
import { describeError } from '../../src';

/** What a shell expects of a program that Ctrl-C has cut short. */
export const INTERRUPTED = 130;

export interface ProgramOptions<Flags> {
  /** As one types it: `npm run demo --`. */
  readonly name: string;
  readonly description: string;
  readonly options: readonly Option[];
  readonly run: (flags: Flags) => Promise<void>;
}

/**
 * Runs a command-line program. Whatever goes wrong, a flag or the work itself, is one line on standard
 * error and exit code 1.
 */
export function program<Flags>({ name, description, options, run }: ProgramOptions<Flags>): void {
  process.on('uncaughtException', fail);
  for (const output of [process.stdout, process.stderr]) output.on('error', outputFailed);
  const command = new Command(name)
    .description(description)
    .configureOutput({
      outputError: (text, write) => {
        write(`${oneLine(text)}\n`);
      },
    })
    .allowExcessArguments()
    .action((flags: Flags) => {
      const [excess] = command.args;
      if (excess === undefined) return run(flags);
      return command.error(`error: what is '${excess}'? A prompt of several words needs quotes around it.`);
    });
  for (const option of options) command.addOption(option);
  command.parseAsync().catch(fail);
}

/** Says what is wrong in one line, and ends the program with exit code 1. */
export function fail(error: unknown): never {
  console.error(`error: ${oneLine(describeError(error))}`);
  process.exit(1);
}

/** Whoever reads the output has enough of it (`npm run demo | head -1`): that is no error. */
function outputFailed(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  fail(error);
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' ');
}
