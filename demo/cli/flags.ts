import { InvalidArgumentError, Option } from 'commander';
import { tcp, webSocket, type ConnectEndpoint, type ListenEndpoint } from '../../src';

/** Where the server is. */
export interface PlaceFlags {
  readonly transport: 'tcp' | 'ws';
  readonly host: string;
  readonly port?: number;
}

/** How the model answers. */
export interface ModelFlags {
  readonly seed?: number;
  readonly maxTokens: number;
  /** Tokens a second, of the built-in model. */
  readonly rate: number;
  /** Of a server's API that is asked in its place. */
  readonly upstream?: string;
  /** What it calls the model; without one, the file of a model that runs here. */
  readonly model?: string;
}

export interface PromptFlags {
  readonly prompt?: string;
}

export interface ChaosFlags {
  readonly chaos?: true;
}

const PORTS = { tcp: 4433, ws: 4480 } as const;

export const USUAL_PORTS = `default: ${PORTS.tcp} for tcp, ${PORTS.ws} for ws`;

/** What a server listens on and a client connects to. */
export function endpoint({
  transport,
  host,
  port = PORTS[transport],
}: PlaceFlags): ListenEndpoint & ConnectEndpoint {
  return transport === 'tcp' ? tcp({ host, port }) : webSocket({ host, port });
}

/** The flags that make another program's end meet this one. */
export function matchingFlags({ transport, port = PORTS[transport] }: Omit<PlaceFlags, 'host'>): string {
  return `--transport ${transport} --port ${port}`;
}

export const transportOption = new Option('--transport <kind>', 'what carries the packets')
  .choices(['tcp', 'ws'])
  .default('tcp');

export const hostOption = new Option('--host <name>', 'name or address of the server').default('127.0.0.1');

/** `usage` says what the port is for; `min` is 0 where the system may choose one. */
export function portOption(usage: string, { min }: { min: 0 | 1 }): Option {
  return new Option('--port <n>', usage).argParser(wholeNumber(min, 65_535));
}

export const promptOption = new Option('--prompt <text>', 'what the model is to continue').argParser(text);

export const chaosOption = new Option('--chaos', 'cuts the connection again and again during the answer');

export const modelOptions = [
  new Option('--seed <n>', 'the same seed and prompt give the same answer').argParser(
    wholeNumber(0, 0xffff_ffff),
  ),
  new Option('--max-tokens <n>', 'where an answer is cut short')
    .argParser(wholeNumber(1, 100_000))
    .default(120),
  new Option('--rate <n>', 'tokens a second, of the built-in model').argParser(rate).default(60),
  new Option(
    '--upstream <url>',
    "asks a server with OpenAI's API instead, http://127.0.0.1:11434/v1 say; OPENAI_API_KEY is its key",
  ).argParser(httpUrl),
  new Option(
    '--model <name>',
    'a file that llama.cpp would run, model.gguf say, to run here; with --upstream, what that calls the model',
  ).argParser(text),
];

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** The model keeps a pace of up to a token a millisecond. */
function rate(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 1000) return value;
  throw new InvalidArgumentError('It must be a number above 0, up to 1000.');
}

function httpUrl(value: string): string {
  if (URL.canParse(value) && /^https?:/.test(value)) return value;
  throw new InvalidArgumentError('It must be a URL, http:// or https://.');
}

function text(value: string): string {
  if (value.trim() !== '') return value;
  throw new InvalidArgumentError('It must not be empty.');
}
