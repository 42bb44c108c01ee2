/** Close codes of RFC 6455, section 7.4.1. */
export const NORMAL = 1000;
const GOING_AWAY = 1001;
export const PROTOCOL_ERROR = 1002;
export const UNSUPPORTED_DATA = 1003;
const NO_STATUS = 1005;

/** Ends that are no fault of the network. */
export const CLEAN_CODES: readonly number[] = [NORMAL, GOING_AWAY, NO_STATUS];
