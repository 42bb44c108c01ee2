import type OpenAI from 'openai';
import type { Observable } from 'rxjs';
import type { Client, ClientSession, Server, Submit, TraceContext } from '../../src';
import type { CapturedFlow } from '../../src/testing';

// What the snippets of the pages leave to their reader's program, each under its name.

export declare const server: Server;
export declare const client: Client;
export declare const session: ClientSession;

export declare const model: {
  stream(prompt: string, options: { readonly signal: AbortSignal }): AsyncIterable<string>;
};
export declare const openai: OpenAI;
export declare const speech: (text: string) => Promise<Uint8Array>;
export declare const recording: Uint8Array;
export declare const infer: (submit: Submit) => Observable<Uint8Array>;

export declare const write: (text: string) => Promise<void>;
export declare const disk: { write(bytes: Uint8Array): Promise<void> };

export declare const jwt: string;
export declare const verify: (token: string) => Promise<{ sub: string; exp: number } | undefined>;
export declare const members: ReadonlySet<string>;
export declare const cert: string;
export declare const key: string;
export declare const ca: string;
export declare const renewedCert: string;
export declare const renewedKey: string;
export declare const clientCert: string;
export declare const clientKey: string;

/** Vitest's. */
export declare const vi: { useFakeTimers(options: { readonly toFake: readonly string[] }): void };

/** What docs/testing.md has captured a block before. */
export declare const captured: CapturedFlow;

/** A tracer's. */
export declare const traceparent: () => string;
export declare const startSpan: (of: { readonly traceId: string }) => {
  readonly context: TraceContext;
  end(): void;
};
