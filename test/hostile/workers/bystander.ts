import { build } from 'hdr-histogram-js';
import { lastValueFrom } from 'rxjs';
import { connect, tcp } from '../../../src';
import { parameters, work } from '../support/worker';

export interface BystanderParameters {
  readonly port: number;
  /** Bytes of a submit. Default 64. */
  readonly bodyBytes?: number;
  /** What the server answers with. Default: the body. */
  readonly answer?: 'body' | 'empty';
}

export interface MeasureOptions {
  readonly ms: number;
  /** Milliseconds between the end of one operation and the next. Default 1. */
  readonly everyMs?: number;
}

/** Milliseconds, of a connection that opens a session and submits one operation after the other. */
export interface Measured {
  /** To connect and to open the session. */
  readonly openMs: number;
  readonly completed: number;
  readonly failed: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export type BystanderCommands = {
  measure: (options: MeasureOptions) => Promise<Measured>;
};

const { port, bodyBytes = 64, answer = 'body' } = parameters<BystanderParameters>();
const answerBytes = answer === 'body' ? bodyBytes : 0;

async function measure({ ms, everyMs = 1 }: MeasureOptions): Promise<Measured> {
  const histogram = build({ numberOfSignificantValueDigits: 3 });
  const body = new Uint8Array(bodyBytes);
  const start = performance.now();
  const client = await connect(tcp({ port }));
  const session = await client.openSession();
  const openMs = performance.now() - start;
  let completed = 0;
  let failed = 0;
  while (performance.now() - start < ms) {
    const sentAt = performance.now();
    try {
      const result = await lastValueFrom(session.submit({ body }));
      if (result.body.length !== answerBytes) throw new Error('the answer is another');
      completed += 1;
    } catch {
      failed += 1;
    }
    histogram.recordValue(Math.max(1, Math.round((performance.now() - sentAt) * 1000)));
    await new Promise((resolve) => {
      setTimeout(resolve, everyMs);
    });
  }
  await session.close();
  await client.close();
  return {
    openMs,
    completed,
    failed,
    p50: histogram.getValueAtPercentile(50) / 1000,
    p99: histogram.getValueAtPercentile(99) / 1000,
    max: histogram.maxValue / 1000,
  };
}

const commands: BystanderCommands = { measure };
work(commands, undefined);
