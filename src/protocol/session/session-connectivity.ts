/**
 * The state of a session's connection, seen from either end: `open` over its first one, `reconnecting`
 * while there is none and the session waits for the next, `resumed` once it goes on over another. Of a client's only,
 * `reopened`: its server did not have it any more, and another is in its place, with a new id, and nothing of the old
 * one: no cached objects, no settings that were patched; what was in flight has ended. It is over
 * where it is `closed`, or `expired`: the client did not come back in time, or could not be given all that it lacks.
 */
export type SessionConnectivity = 'open' | 'reconnecting' | 'resumed' | 'reopened' | 'expired' | 'closed';
