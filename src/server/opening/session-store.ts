import type { TokenPair } from './resume-token';

/** What outlives a connection of a session that may be resumed. No token is in it, only hashes. */
export interface ResumeRecord {
  readonly sessionId: number;
  readonly tokens: TokenPair;
}

/**
 * Keeps what proves that a client may take a session up again. Synchronous: a resume is judged between
 * two packets. A store that throws costs the session that it threw for.
 */
export interface SessionStore {
  get(sessionId: number): ResumeRecord | undefined;
  set(record: ResumeRecord): void;
  delete(sessionId: number): void;
}

/** A store in this process's memory. */
export function memoryStore(): SessionStore {
  const records = new Map<number, ResumeRecord>();
  return {
    get: (sessionId) => records.get(sessionId),
    set: (record) => {
      records.set(record.sessionId, record);
    },
    delete: (sessionId) => {
      records.delete(sessionId);
    },
  };
}
