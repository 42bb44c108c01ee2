/** What a server measures of an operation, as paths of RESULT_PUSH: it is other each time. */
export const MEASURED = ['metadata.queueMs', 'metadata.inferenceMs', 'metadata.serverTotalMs'] as const;
