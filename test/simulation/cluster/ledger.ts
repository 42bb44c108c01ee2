import type { OperationFailure } from '../../../src/client/errors';
import { RunLedger } from '../run-ledger';

/** From when until when a process stood still. */
interface Still {
  readonly from: number;
  until: number;
}

/** A process that is, or was, a node. */
export interface NodeRecord {
  readonly name: string;
  isGone: boolean;
  /** Whether it hands its sessions over. */
  isLeaving: boolean;
  /** Since when it runs, and reaches the store, in milliseconds; Infinity while it does not. */
  ableSince: number;
  /** When its process stood still, in milliseconds. */
  readonly stills: Still[];
}

/** A handler that answers, or goes on with an answer. */
export interface AnswerRun {
  readonly operation: OperationRecord;
  readonly node: NodeRecord;
  /** In every part that it gives. */
  readonly letter: string;
  /** When it gave each of them, by number, in milliseconds. */
  readonly gaveAt: Map<number, number>;
  isRunning: boolean;
}

export interface OperationRecord {
  readonly index: number;
  readonly session: SessionRecord;
  /** Which of those that came for the session has asked; 0 for the one that opened it. */
  readonly page: number;
  /** Parts of the answer, and milliseconds between two. */
  readonly count: number;
  readonly partMs: number;
  readonly runs: AnswerRun[];
  /** How often it began anew. */
  starts: number;
  /** What its client has been given. */
  surfaced: string;
  /** Parts that any page has been given, at most. */
  farthest: number;
  outcome: 'complete' | 'unsubscribed' | OperationFailure | undefined;
  /** When, in milliseconds, and in the client's words. */
  endedAt: number;
  detail: string;
}

/** An answer, as a page shows it that has come with a ticket. */
export interface LateRecord {
  readonly operation: OperationRecord;
  /** Whether it is said to begin with the first part. */
  readonly isWhole: boolean;
  /** Parts that pages had been given before. */
  readonly had: number;
  text: string;
  outcome: 'complete' | 'failed' | undefined;
}

/** The end of a session, as its server has told a page. */
export interface ToldEnd {
  readonly page: number;
  /** In milliseconds. */
  readonly at: number;
}

export interface SessionRecord {
  readonly name: string;
  /** 0 until it is opened. */
  sessionId: number;
  /** Whether nodes that come after its own may not find it: it, or its tokens, were not logged when that went. */
  isForsaken: boolean;
  /** Pages that have come for it with its ticket, or have tried. */
  reloads: number;
  /** When the node that has it ends, and has handed over what has ended by then, in milliseconds; Infinity for never. */
  handedOverAt: number;
  /** Pages that a server which shuts down has closed it to. */
  readonly ends: ToldEnd[];
  isOver: boolean;
}

/** What is known of a run of several nodes. */
export class ClusterLedger extends RunLedger {
  readonly operations: OperationRecord[] = [];
  readonly sessions: SessionRecord[] = [];
  readonly lates: LateRecord[] = [];
  readonly running = new Set<AnswerRun>();
  /** Sessions that another node has taken over, by id. */
  readonly taken = new Set<number>();
  /** Whose application has a session, by its id. */
  readonly servedBy = new Map<number, NodeRecord>();

  openSession(name: string): SessionRecord {
    const session: SessionRecord = {
      name,
      sessionId: 0,
      isForsaken: false,
      reloads: 0,
      handedOverAt: Infinity,
      ends: [],
      isOver: false,
    };
    this.sessions.push(session);
    return session;
  }

  submit(session: SessionRecord, plan: Pick<OperationRecord, 'page' | 'count' | 'partMs'>): OperationRecord {
    const index = this.operations.length;
    const operation = {
      ...plan,
      index,
      session,
      runs: [],
      starts: 0,
      surfaced: '',
      farthest: 0,
      outcome: undefined,
      endedAt: 0,
      detail: '',
    };
    this.operations.push(operation);
    return operation;
  }

  /** Sessions that are with a node's application. */
  sessionsOf(node: NodeRecord): readonly SessionRecord[] {
    return this.sessions.filter(({ sessionId }) => this.servedBy.get(sessionId) === node);
  }

  /** A handler begins at a node. */
  run(operation: OperationRecord, node: NodeRecord): AnswerRun {
    const letter = String.fromCharCode('a'.charCodeAt(0) + operation.runs.length);
    const run = { operation, node, letter, gaveAt: new Map<number, number>(), isRunning: true };
    operation.runs.push(run);
    this.running.add(run);
    return run;
  }

  stopped(run: AnswerRun): void {
    run.isRunning = false;
    this.running.delete(run);
  }
}

export function nameOfOperation({ index, session }: OperationRecord): string {
  return `operation ${index} of ${session.name}`;
}
