/** Does not wait for what nobody needs any more. @throws what the work throws, or the reason of the signal */
export const unlessAborted = async <Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> => {
  signal.throwIfAborted();
  let listener = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    listener = () => reject(signal.reason instanceof Error ? signal.reason : new Error('It was broken off.'));
    signal.addEventListener('abort', listener);
  });
  try {
    return await Promise.race([work(), aborted]);
  } finally {
    signal.removeEventListener('abort', listener);
  }
};
