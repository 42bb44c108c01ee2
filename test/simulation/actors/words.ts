import type { ClientSession } from '../../../src/client/session/session';
import { MessageType } from '../../../src/wire/message-type';
import {
  ControlRequestMetadata,
  SupersedeMetadata,
} from '../../../src/wire/preview4/control/control-request';
import { PressureFlag, PressureLevel, PressureMetadata } from '../../../src/wire/preview4/control/pressure';
import { RuntimeRole } from '../../../src/wire/preview4/control/runtime-role';
import { sayToServer } from '../innards';
import type { Random } from '../random';
import { isOpenForClient, isOverForClient, type OperationRecord, type SessionRecord } from '../records';
import type { Process } from '../time/process';
import { sleep, type World } from '../world';

export interface Speaking {
  readonly world: World;
  readonly process: Process;
  readonly random: Random;
  readonly session: ClientSession;
  readonly record: SessionRecord;
  /** Whether nobody else says what the client takes. */
  readonly maySayCredit: boolean;
}

/** From so many on, results are not counted. */
const UNCOUNTED = 0xffff_ffff;
/** Milliseconds after which a client says again what it takes: the word may be lost with its connection. */
const AGAIN_MS = 25;

/** Says what clients of preview4 may say of operations that are under way, and the library's own does not. */
export function sayWord(speaking: Speaking): void {
  const { random, record, world, session, maySayCredit } = speaking;
  const sent = [...record.outstanding].filter(isOpenForClient);
  if (sent.length === 0 || record.link === undefined) return;
  const operation = random.pick(sent);
  const what = random.pick(['abort', 'supersede', 'cancel all', 'credit', 'credit'] as const);
  if (what === 'credit' && !maySayCredit) return;
  world.ledger.count(`words: ${what}`);
  world.ledger.tell(record.actor, `says ${what} of operation ${operation.index}`);
  switch (what) {
    case 'abort':
      operation.isWithdrawn = true;
      sayToServer(session, MessageType.Abort, operation.frameId, control(operation.frameId));
      return;
    case 'supersede': {
      operation.isWithdrawn = true;
      const metadata = SupersedeMetadata.of({ oldOperationId: BigInt(operation.frameId) });
      sayToServer(session, MessageType.Supersede, operation.frameId, SupersedeMetadata.encode(metadata));
      return;
    }
    case 'cancel all':
      // Also those that are sent behind it, and come before it is heard of.
      for (const each of sent) each.isWithdrawn = true;
      sayToServer(session, MessageType.Cancel, 0, control(0));
      return;
    case 'credit':
      void dole(speaking, operation);
  }
}

function control(frameId: number): Uint8Array {
  const fields = { operationId: BigInt(frameId), sourceRole: RuntimeRole.Client };
  return ControlRequestMetadata.encode(ControlRequestMetadata.of(fields));
}

/** Takes the results of an operation by ones and twos until it ends, or faults stop. */
async function dole(
  { world, process, random, session, record }: Speaking,
  operation: OperationRecord,
): Promise<void> {
  while (isOpenForClient(operation) && !isOverForClient(record)) {
    if (record.link !== undefined && operation.session === record) {
      const window = world.isActive ? random.int(1, 2) : UNCOUNTED;
      sayToServer(session, MessageType.CreditUpdate, operation.frameId, credit(operation.frameId, window));
    }
    await sleep(process, AGAIN_MS);
  }
}

function credit(frameId: number, window: number): Uint8Array {
  const metadata = PressureMetadata.of({
    scopeId: BigInt(frameId),
    creditWindow: BigInt(window),
    pressureLevel: PressureLevel.None,
    flags: PressureFlag.Operation,
  });
  return PressureMetadata.encode(metadata);
}
