/**
 * The state of a session's connection, seen from either end: `open` over its first one, `reconnecting`
 * while there is none and the session waits for the next, `resumed` once it goes on over another. It is over
 * where it is `closed`, or `expired`: the client did not come back in time, or could not be given all that it lacks.
 */
export type SessionConnectivity = 'open' | 'reconnecting' | 'resumed' | 'expired' | 'closed';
