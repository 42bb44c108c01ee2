/**
 * Why a session is over for its client, and goes on for another: that has come with a ticket. The `session_error_code`
 * of the SESSION_CLOSE that tells it so, and of the ack that refuses to resume. Codes of the protocol have numbers of
 * their own.
 */
export const TAKEN_OVER = 0x20009;
